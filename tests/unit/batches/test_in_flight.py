"""Finish work that has begun, although its callers stop waiting for it."""

import asyncio
import gc

import pytest

from server.batches.engine.in_flight import InFlight
from server.domain.errors import KeyTaken


class Work:
    """Work that begins, waits to be let go, and ends."""

    def __init__(self) -> None:
        self.begun, self.let_go, self.ended = asyncio.Event(), asyncio.Event(), False

    async def run(self) -> str:
        self.begun.set()
        await self.let_go.wait()
        self.ended = True
        return "done"


async def test_the_caller_gets_the_result() -> None:
    work = Work()
    work.let_go.set()

    assert await InFlight().finish(work.run()) == "done"


async def test_the_caller_gets_the_error() -> None:
    async def broken() -> None:
        raise LookupError("no such thing")

    in_flight = InFlight()
    with pytest.raises(LookupError, match="no such thing"):
        await in_flight.finish(broken())

    await asyncio.wait_for(in_flight.drain(), 1)


async def test_work_goes_on_when_its_caller_is_cancelled() -> None:
    in_flight, work = InFlight(), Work()
    caller = asyncio.create_task(in_flight.finish(work.run()))
    await work.begun.wait()

    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert not work.ended

    work.let_go.set()
    await in_flight.drain()
    assert work.ended


async def test_draining_waits_for_all_that_has_begun() -> None:
    in_flight, first, second = InFlight(), Work(), Work()
    callers = [asyncio.create_task(in_flight.finish(one.run())) for one in (first, second)]
    await asyncio.gather(first.begun.wait(), second.begun.wait())

    draining = asyncio.create_task(in_flight.drain())
    first.let_go.set()
    await callers[0]
    assert not draining.done()

    second.let_go.set()
    await draining
    assert first.ended
    assert second.ended
    assert await asyncio.gather(*callers) == ["done", "done"]


async def test_draining_waits_for_what_begins_meanwhile() -> None:
    in_flight, first, second = InFlight(), Work(), Work()
    callers = [asyncio.create_task(in_flight.finish(first.run()))]
    await first.begun.wait()
    draining = asyncio.create_task(in_flight.drain())

    callers.append(asyncio.create_task(in_flight.finish(second.run())))
    await second.begun.wait()
    first.let_go.set()
    await callers[0]
    assert not draining.done()

    second.let_go.set()
    await draining
    assert await asyncio.gather(*callers) == ["done", "done"]


async def test_nothing_in_flight_is_drained_at_once() -> None:
    await asyncio.wait_for(InFlight().drain(), 1)


@pytest.mark.parametrize(
    ("error", "level"), [(KeyTaken("taken"), "INFO"), (LookupError("a bug"), "ERROR")]
)
async def test_an_error_after_the_caller_has_left_is_logged_as_what_it_is(
    error: Exception, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    in_flight, begun, fails = InFlight(), asyncio.Event(), asyncio.Event()

    async def broken() -> None:
        begun.set()
        await fails.wait()
        raise error

    caller = asyncio.create_task(in_flight.finish(broken()))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    fails.set()
    await in_flight.drain()
    await asyncio.sleep(0)
    del caller
    gc.collect()

    assert [line.levelname for line in caplog.records] == [level]


async def test_an_error_that_nobody_waits_for_does_not_stop_the_others() -> None:
    in_flight, work, fails = InFlight(), Work(), asyncio.Event()

    async def broken() -> None:
        await fails.wait()
        raise LookupError("nobody hears this")

    callers = [asyncio.create_task(in_flight.finish(one)) for one in (broken(), work.run())]
    await work.begun.wait()
    callers[0].cancel()
    fails.set()
    work.let_go.set()

    await in_flight.drain()

    assert callers[0].cancelled()
    assert await callers[1] == "done"
