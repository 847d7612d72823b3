"""Watch a batch to its end, whatever breaks on the way."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pymongo.asynchronous.pool import AsyncConnection
from pymongo.monitoring import CommandStartedEvent
from pymongo.synchronous.pool import Connection

from server.domain.batch_progress import BatchProgress
from server.domain.errors import DatabaseUnavailable, StoreError
from server.jobs import progress_feed
from server.mongo.connection.driver import DriverName
from tests.support.batches.batch_work import chunks, work_off
from tests.support.batches.watching import (
    CHUNKS,
    COMPLETED,
    PENDING,
    assert_got_on,
    begun_streams,
    listeners,
    open_streams,
    submitted,
    watched,
    watching,
)
from tests.support.processes.replica_set import three_members
from tests.support.shop import Shop, open_shop
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("told_in_time")


BREAKS: dict[str, dict[str, Any]] = {
    "for good": {"errorCode": 280},  # ChangeStreamFatalError
    "with its history": {"errorCode": 286},  # ChangeStreamHistoryLost
    "with its cursor": {"errorCode": 43},  # CursorNotFound
    "with its connection": {"closeConnection": True},
}


@pytest.mark.parametrize("how", BREAKS)
async def test_a_stream_that_breaks_is_taken_up_again(shop: Shop, other: Shop, how: str) -> None:
    batch = await submitted(other)
    streams = begun_streams(shop)

    async with watching(shop, batch) as seen:
        await until(lambda: open_streams(shop) == 1)
        with shop.failing("getMore", mode={"times": 1}, **BREAKS[how]):
            await until(lambda: len(streams) > 1)
        await work_off(other)

    assert_got_on(seen)


async def test_what_happens_while_there_is_no_stream_is_told_later(
    shop: Shop, other: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    batch = await submitted(other)

    with no_stream(shop):
        async with watching(shop, batch) as seen:
            await until(lambda: broken(caplog) > 1)
            await work_off(other)
            assert [one.state for one in seen] == [PENDING]
            shop.fail(mode="off")

    assert_got_on(seen)


async def test_a_database_that_fails_ends_no_subscription(shop: Shop, other: Shop) -> None:
    batch = await submitted(other)

    async with watching(shop, batch) as seen:
        await until(lambda: open_streams(shop) == 1)
        with shop.failing("find", mode="alwaysOn", errorCode=91):
            looks = shop.commands.names.count("find")
            chunks(other).update_one({}, {"$inc": {"attempts": 1}})
            await until(lambda: shop.commands.names.count("find") > looks + 1)
        await work_off(other)

    assert_got_on(seen)


async def test_a_database_that_fails_at_the_beginning_is_told(shop: Shop) -> None:
    batch = await submitted(shop)

    failing = shop.failing("find", mode="alwaysOn", errorCode=91)
    with failing, pytest.raises(DatabaseUnavailable):
        await watched(shop, batch)


async def test_even_a_stream_that_tells_nothing_leaves_nobody_behind(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_feed, "LOOK_AGAIN_SECONDS", 0.1)
    shop.services.progress._changes = Silent()  # type: ignore[assignment]
    batch = await submitted(shop)

    async with watching(shop, batch) as seen:
        await work_off(shop)

    assert_got_on(seen)


async def test_a_driver_that_loses_a_cancellation_holds_nobody_up(shop: Shop) -> None:
    """PyMongo sends by `asyncio.wait_for`, which may lose a cancellation in Python 3.11."""
    shop.services.progress._changes = Silent(deaf_to=1)  # type: ignore[assignment]
    batch = await submitted(shop)
    await work_off(shop)

    async with watching(shop, batch) as seen:
        pass

    assert [one.state for one in seen] == [COMPLETED]
    assert listeners() == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_an_election_ends_no_subscription(driver_name: DriverName, tmp_path: Path) -> None:
    with three_members(tmp_path) as members:
        async with (
            open_shop(members.uri, driver_name) as shop,
            open_shop(members.uri, driver_name, database=shop.database) as other,
        ):
            batch = await submitted(other)
            async with watching(shop, batch) as seen:
                for blow in (members.step_down_primary, members.kill_primary):
                    await work_one(other)
                    await asyncio.to_thread(blow)
                while not seen[-1].state.is_final:
                    await work_one(other)
                    await asyncio.sleep(0.1)

    assert_got_on(seen)


async def work_one(shop: Shop) -> None:
    """Run a chunk, unless the database refuses."""
    with suppress(StoreError):
        await shop.assembly.worker.run_once()


class Silent:
    """A stream that tells nothing, and survives that many cancellations."""

    def __init__(self, *, deaf_to: int = 0) -> None:
        self._deaf_to = deaf_to

    async def stream(self) -> AsyncIterator[str | None]:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if not self._deaf_to:
                    raise
                self._deaf_to -= 1
            yield None


@contextmanager
def no_stream(shop: Shop) -> Iterator[None]:
    """Let no change stream of this database begin."""
    namespace = f"{shop.database}.$cmd.aggregate"
    with shop.failing("aggregate", mode="alwaysOn", errorCode=280, namespace=namespace):
        yield


def broken(caplog: pytest.LogCaptureFixture) -> int:
    return sum(one.startswith("The stream of changes broke") for one in caplog.messages)


async def test_a_new_primary_that_does_not_know_the_latest_yet_takes_nothing_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = await submitted(shop)
    real = shop.services.batches.by_id
    first = await real(batch)
    answers = [first]

    async def behind(batch_id: str, _created_by: str | None) -> BatchProgress | None:
        """Answer every second look with the state of the beginning."""
        answers.append(first if answers[-1] != first else await real(batch_id))
        return answers[-1]

    monkeypatch.setattr(shop.services.progress, "_batches", SimpleNamespace(by_id=behind))
    async with watching(shop, batch) as seen:
        for chunk in range(1, CHUNKS):
            await shop.assembly.worker.run_once()
            await until(lambda chunk=chunk: seen[-1].processed_items >= chunk)
        await work_off(shop)

    assert_got_on(seen)
    assert seen.count(seen[0]) == 1


@pytest.mark.parametrize(
    ("command", "method"), [("aggregate", "receive_message"), ("killCursors", "send_message")]
)
async def test_a_slow_connection_leaves_no_stream_open(
    shop: Shop, driver_name: DriverName, monkeypatch: pytest.MonkeyPatch, command: str, method: str
) -> None:
    """The watcher leaves before the server has answered; the stream's end takes long."""
    batch = await submitted(shop)
    slow: list[str] = []
    _delay(monkeypatch, driver_name, method, slow)
    started = shop.commands.started

    def note(event: CommandStartedEvent) -> None:
        if event.command_name == command and (
            command == "killCursors" or "$changeStream" in str(event.command)
        ):
            slow.append(command)
        started(event)

    monkeypatch.setattr(shop.commands, "started", note)
    async with aclosing(shop.services.progress.watch(batch)) as watcher:
        await anext(watcher)
        await until(lambda: open_streams(shop) == 1)
        if command == "killCursors":
            await asyncio.sleep(0.05)  # the stream is being read

    assert listeners() == 0
    assert slow == [f"{command} was slow"]
    await until(lambda: open_streams(shop) == 0, 10)


def _delay(
    patch: pytest.MonkeyPatch, driver_name: DriverName, method: str, slow: list[str]
) -> None:
    """Make the next call of the connection's method slow once `slow` names a command."""
    connection = Connection if driver_name == "motor" else AsyncConnection
    real = getattr(connection, method)

    def is_slow() -> bool:
        if slow and not slow[-1].endswith("slow"):
            slow[-1] += " was slow"
            return True
        return False

    async def later(*arguments: Any) -> Any:
        if is_slow():
            await asyncio.sleep(0.4)
        return await real(*arguments)

    def blocking_later(*arguments: Any) -> Any:
        if is_slow():
            time.sleep(0.4)
        return real(*arguments)

    patch.setattr(connection, method, blocking_later if driver_name == "motor" else later)
