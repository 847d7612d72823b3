"""Run the worker's loop: it survives every failure of the database, and ends after a bug."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from server.assembly import Assembly, Sizes, assemble
from server.batches.stored.completion import Completion
from server.domain.batch_state import BatchState
from server.domain.stopping import Stopping
from server.jobs import worker as worker_module
from server.jobs.background import Background
from server.jobs.memory import Memory
from server.jobs.worker import STUCK_SECONDS
from server.mongo.connection.deployment import is_writable
from server.web.health import Readiness, make_worker_app
from tests.support.batches.batch_work import (
    assert_exact,
    batch,
    chunk,
    chunks,
    ended,
    plus_one,
    submit,
    work_off,
    working,
)
from tests.support.shop import Shop
from tests.support.waiting import until

OVER = "Over the memory limit: no chunk is claimed until there is room again"
A_LOT_MB = 1024**2
STARTS = 50


def another_worker(shop: Shop, **sizes: int) -> Assembly:
    """Return a worker as of a process that has just started on the same database."""
    return assemble(
        shop.driver,
        shop.database,
        shop.runner,
        shop.metrics,
        clock=shop.clock,
        facts=shop.services.system.facts,
        sizes=Sizes(**sizes),  # type: ignore[arg-type]
    )


async def test_a_worker_over_its_memory_limit_claims_nothing_and_says_so_once(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    (one,) = await shop.put(10)
    batch_id = await submit(shop, plus_one([one]))
    worker = another_worker(shop, worker_memory_mb=1).worker
    before, sent = chunk(shop, batch_id), len(shop.commands.names)

    assert [await worker.run_once() for _ in range(5)] == [False] * 5

    assert shop.commands.names[sent:] == []
    assert chunk(shop, batch_id) == before
    assert caplog.messages.count(OVER) == 1


async def test_a_worker_goes_on_when_there_is_room_again_and_tells_the_next_time(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    (one,) = await shop.put(10)
    batch_id = await submit(shop, plus_one([one]))
    worker = another_worker(shop, worker_memory_mb=1).worker
    assert not await worker.run_once()

    worker._memory = Memory(A_LOT_MB)
    assert await worker.run_once()
    worker._memory = Memory(1)
    assert not await worker.run_once()

    assert (await batch(shop, batch_id)).state is BatchState.COMPLETED
    assert caplog.messages.count(OVER) == 2
    assert_exact(shop, {one: 10})


@pytest.mark.parametrize("command", ["findAndModify", "find", "aggregate"])
async def test_a_worker_goes_on_whatever_command_its_database_fails(
    shop: Shop, command: str
) -> None:
    ids = await shop.put(*[10] * 10)
    batch_id = await submit(shop, plus_one(ids), batch_size=1)

    with shop.failing(command, mode={"times": 3}, errorCode=11600):
        async with working(shop):
            await until(lambda: not chunks(shop).count_documents({"status": "pending"}))
    await shop.assembly.housekeeping.run_once()

    assert (await ended(shop, batch_id)).success_count == 10
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_a_claim_that_fails_is_told_and_made_again(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    """The driver sends it twice before it gives up."""
    (one,) = await shop.put(10)
    batch_id = await submit(shop, plus_one([one]))

    with shop.failing("findAndModify", mode={"times": 2}, errorCode=11600):
        async with working(shop):
            assert (await ended(shop, batch_id)).success_count == 1

    (warning,) = [one for one in caplog.messages if "No chunk could be claimed" in one]
    assert warning.startswith("No chunk could be claimed; trying again: ")
    assert_exact(shop, {one: 10})


async def test_a_worker_that_is_stopped_ends_what_it_holds_and_claims_nothing_more(
    shop: Shop,
) -> None:
    ids = await shop.put(*[10] * 30)
    await submit(shop, plus_one(ids), batch_size=1)

    async with working(shop):
        await until(lambda: chunks(shop).count_documents({"status": "done"}) > 2)
    done = chunks(shop).count_documents({"status": "done"})

    assert chunks(shop).count_documents({"lease": {"$exists": True}}) == 0
    assert done < 30
    assert sum(shop.stocks().values()) == 300 + done
    await shop.assembly.worker.run()  # it stays stopped
    assert chunks(shop).count_documents({"status": "done"}) == done


async def test_hands_that_wait_for_their_turn_do_not_look_any_more_when_the_worker_is_stopped(
    shop: Shop,
) -> None:
    """A slot that polls at that very moment may finish its poll."""
    worker = another_worker(shop, worker_chunks=16).worker
    running = asyncio.create_task(worker.run())
    await until(lambda: "findAndModify" in shop.commands.names)

    sent = len(shop.commands.names)
    worker.stop()
    await running

    assert shop.commands.names[sent:].count("findAndModify") <= 1


async def test_workers_that_start_and_stop_fifty_times_do_every_chunk_once(shop: Shop) -> None:
    ids = await shop.put(*[10] * 120)
    batch_id = await submit(shop, plus_one(ids), batch_size=1)

    for place in range(STARTS):
        worker = another_worker(shop).worker
        running = asyncio.create_task(worker.run())
        done = chunks(shop).count_documents({"status": "done"})
        if place % 2 and done < 120:
            await until(lambda: chunks(shop).count_documents({"status": "done"}) > done)  # noqa: B023
        worker.stop()
        await running
        assert chunks(shop).count_documents({"lease": {"$exists": True}}) == 0
    await work_off(shop)

    assert (await batch(shop, batch_id)).success_count == 120
    assert {one["crashes"] + one["attempts"] for one in chunks(shop).find()} == {0}
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_a_worker_is_alive_for_as_long_as_it_looks_for_work(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = shop.assembly.worker
    await worker.run_once()
    now = time.monotonic()

    monkeypatch.setattr(worker_module.time, "monotonic", lambda: now + STUCK_SECONDS + 1)
    assert not worker.is_alive

    await worker.run_once()
    assert worker.is_alive


@asynccontextmanager
async def background_of(shop: Shop) -> AsyncIterator[Background]:
    parts = shop.assembly
    background = Background(parts.worker, parts.housekeeping, parts.retention, None)
    async with background.running():
        yield background


async def readiness(shop: Shop, background: Background) -> tuple[int, str]:
    ready = Readiness(lambda: is_writable(shop.driver), lambda: background.is_alive, Stopping(1))
    app = make_worker_app(shop.metrics, ready.why_not)  # its routes are a server's, too
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/readyz")
    await ready.close()
    return answer.status_code, answer.text


async def test_a_server_is_ready_while_its_worker_gets_on(shop: Shop) -> None:
    (one,) = await shop.put(10)
    async with background_of(shop) as background:
        batch_id = await submit(shop, plus_one([one]))
        assert (await ended(shop, batch_id)).success_count == 1
        assert background.is_alive
        assert (await readiness(shop, background))[0] == 200
    assert not background.is_alive
    assert_exact(shop, {one: 10})


async def test_a_bug_ends_the_background_loudly_and_the_server_is_not_ready(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (one,) = await shop.put(10)

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Completion, "check", broken)
    async with background_of(shop) as background:
        await submit(shop, plus_one([one]))
        await asyncio.wait_for(background.ended(), timeout=60)

        assert not background.is_alive
        status, why = await readiness(shop, background)
        assert status == 503
        assert "the worker is stuck" in why

    (critical,) = [one for one in caplog.records if one.levelno == logging.CRITICAL]
    assert critical.getMessage() == "The worker has ended."
    assert "ZeroDivisionError" in repr(critical.exc_info)
    assert shop.stocks() == {one: 11}
    monkeypatch.undo()
    await shop.assembly.housekeeping.run_once()
    assert_exact(shop, {one: 10})
