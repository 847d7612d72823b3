"""Callers take turns in the threads that read what they send."""

import asyncio
from collections.abc import AsyncIterator, Callable
from threading import Event

import pytest

from server.domain.errors import Overloaded
from server.reading import ReadingRoom
from tests.support.waiting import until

LONG_SECONDS = 60  # nothing waits as long, unless it hangs


class Desk:
    """Work for a room that lasts until it is allowed to end. `begun` has names in their order."""

    def __init__(self, room: ReadingRoom) -> None:
        self.begun: list[str] = []
        self._room = room
        self._ends: dict[str, Event] = {}
        self._reads: dict[str, asyncio.Task[str]] = {}

    def ask(self, caller: str, name: str) -> asyncio.Task[str]:
        """Ask the room to read for a caller."""
        self._ends[name] = Event()
        self._reads[name] = asyncio.create_task(self._room.read(caller, self._work(name)))
        return self._reads[name]

    async def begins(self, name: str) -> None:
        """Return when this has begun."""
        await until(lambda: name in self.begun)

    async def end(self, name: str) -> None:
        """Let this end, and return when its caller has the result."""
        self._ends[name].set()
        assert await self._reads[name] == name

    def end_all(self) -> None:
        """Let everything end."""
        for end in self._ends.values():
            end.set()

    def _work(self, name: str) -> Callable[[], str]:
        def work() -> str:
            self.begun.append(name)
            assert self._ends[name].wait(LONG_SECONDS)
            return name

        return work


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    found = Desk(ReadingRoom(patience_seconds=LONG_SECONDS))
    yield found
    found.end_all()


async def test_a_newcomer_does_not_wait_for_what_one_caller_has_sent(desk: Desk) -> None:
    for number in range(16):
        desk.ask("many", f"many {number}")
    await desk.begins("many 0")

    desk.ask("newcomer", "new")

    await desk.end("new")
    assert desk.begun == ["many 0", "new"]


async def test_callers_take_turns(desk: Desk) -> None:
    for number in range(3):
        desk.ask("a", f"a {number}")
        desk.ask("b", f"b {number}")
    desk.ask("c", "c")
    await desk.begins("a 0")
    await desk.begins("b 0")

    for ends, begins in (("a 0", "c"), ("b 0", "a 1"), ("c", "b 1"), ("a 1", "a 2")):
        await desk.end(ends)
        await desk.begins(begins)

    assert desk.begun[2:] == ["c", "a 1", "b 1", "a 2"]


async def test_a_fault_is_raised_where_the_result_is_awaited() -> None:
    room = ReadingRoom()

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await room.read("a", fail)
    assert await room.read("a", lambda: 1) == 1


async def test_a_caller_who_leaves_is_taken_out(desk: Desk) -> None:
    desk.ask("a", "a 0")
    await desk.begins("a 0")
    leaver, stayer = desk.ask("a", "a 1"), desk.ask("a", "a 2")
    await asyncio.sleep(0)  # both wait

    leaver.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaver
    await desk.end("a 0")

    await desk.begins("a 2")
    await desk.end("a 2")
    assert stayer.done()
    assert desk.begun == ["a 0", "a 2"]


async def test_who_leaves_while_being_read_for_keeps_the_thread_until_it_ends(desk: Desk) -> None:
    leaver = desk.ask("a", "a 0")
    await desk.begins("a 0")
    leaver.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaver

    desk.ask("a", "a 1")
    desk.ask("b", "b")

    await desk.begins("b")
    assert desk.begun == ["a 0", "b"]
    desk.end_all()
    await desk.begins("a 1")


async def test_what_cannot_begin_in_time_is_refused() -> None:
    room = ReadingRoom(patience_seconds=0.01)
    desk = Desk(room)
    first = desk.ask("a", "a 0")
    await desk.begins("a 0")

    with pytest.raises(Overloaded) as refused:
        await desk.ask("a", "a 1")

    assert refused.value.retry_after_seconds >= 1
    desk.end_all()
    assert await first == "a 0"
    assert desk.begun == ["a 0"]
