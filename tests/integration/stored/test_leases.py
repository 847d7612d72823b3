"""Lose a lease: its former holder changes nothing any more, and holds nobody up."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from bson import ObjectId

from server.assembly import Sizes
from server.batches.stored.claimed_chunks import ChunkEnd, Done, Lost, Orphaned
from server.domain.batch_state import BatchState
from server.domain.stored_batch import ClaimedChunk
from server.mongo.connection.driver import DriverName, Session
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.batch_work import (
    assert_exact,
    batch,
    chunk,
    chunks,
    claimed,
    codes,
    lapse,
    leased,
    plus_one,
    queue,
    submit,
    work_off,
)
from tests.support.batches.pausing import PausingRunner, paused_before_commit, paused_before_receipt
from tests.support.shop import Shop, open_shop
from tests.support.waiting import until
from tests.support.web.exposition import family

LOST = "Lost the lease of a chunk: another worker holds it, or it is done"
TAKEN_OVER = "The lease of a chunk ran out; it is taken over"
ATTEMPTS = "stockbatch_chunk_attempts_total"
NOT_LONG = 10.0  # seconds: far from the 60 after which the database ends a transaction


@pytest.fixture
async def two(mongod: EmbeddedMongod, driver_name: DriverName) -> AsyncIterator[tuple[Shop, Shop]]:
    """Open shop A, whose process can be paused, and shop B."""
    async with (
        open_shop(mongod.uri, driver_name, runner=PausingRunner) as a,
        open_shop(mongod.uri, driver_name, database=a.database) as b,
    ):
        yield a, b


async def run(shop: Shop, held: ClaimedChunk, session: Session, end: ChunkEnd) -> None:
    assert await leased(shop).run(held, session) == end


async def assert_not_held_up(other: Shop) -> None:
    """Check that another process runs the chunk at once, although a zombie stands in it."""
    async with asyncio.timeout(NOT_LONG):
        assert await work_off(other) == 1
    assert list(other.stocks().values()) == [11, 11]


def assert_taken_over(shop: Shop, ids: list[str], caplog: pytest.LogCaptureFixture) -> None:
    """Check that the chunk was taken over, that the zombie said so, and that it ran once."""
    assert caplog.messages.count(TAKEN_OVER) == 1
    assert caplog.messages.count(LOST) == 1
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_a_zombie_that_begins_when_another_has_finished_changes_nothing(
    two: tuple[Shop, Shop], caplog: pytest.LogCaptureFixture
) -> None:
    a, b = two
    ids = await a.put(10, 10)
    batch_id = await submit(a, plus_one(ids))

    async with claimed(a) as (held, session):
        lapse(a)
        assert await work_off(b) == 1
        done = chunk(a, batch_id)
        await run(a, held, session, Orphaned())

    assert chunk(a, batch_id) == done
    assert caplog.messages.count(TAKEN_OVER) == 1
    assert list(a.stocks().values()) == [11, 11]
    assert_exact(a, dict.fromkeys(ids, 10))


async def test_a_zombie_that_commits_while_another_holds_its_chunk_changes_nothing(
    two: tuple[Shop, Shop], caplog: pytest.LogCaptureFixture
) -> None:
    a, b = two
    ids = await a.put(10, 10)
    batch_id = await submit(a, plus_one(ids))

    async with claimed(a) as (lost, session):
        lapse(a)
        async with claimed(b, "B") as (held, other):
            before = chunk(a, batch_id)
            await run(a, lost, session, Lost())
            assert caplog.messages.count(LOST) == 1
            assert chunk(a, batch_id) == before
            assert list(a.stocks().values()) == [10, 10]
            assert await a.statuses() == ["pending", "pending"]
            await run(b, held, other, Done())
    await work_off(b)
    await a.assembly.housekeeping.run_once()

    assert_exact(a, dict.fromkeys(ids, 10))
    assert [family(shop.metrics.exposition(), ATTEMPTS) for shop in two] == [
        {("lost",): 1},
        {("done",): 1},
    ]
    assert family(a.metrics.exposition(), "stockbatch_leases_lost_total") == {(): 1}
    assert family(b.metrics.exposition(), "stockbatch_leases_taken_over_total") == {(): 1}


async def test_a_zombie_that_was_paused_before_its_receipt_loses_its_chunk(
    two: tuple[Shop, Shop], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = two
    ids = await a.put(10, 10)
    await submit(a, plus_one(ids))

    async with paused_before_receipt(a, monkeypatch):
        lapse(a)
        await assert_not_held_up(b)

    assert_taken_over(a, ids, caplog)


async def test_a_zombie_that_was_paused_before_its_commit_holds_nobody_up(
    two: tuple[Shop, Shop], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its open transaction has written the chunk, and the database would keep it for 60 s."""
    a, b = two
    ids = await a.put(10, 10)
    await submit(a, plus_one(ids))

    async with paused_before_commit(a, monkeypatch, lapsed=True):
        await assert_not_held_up(b)

    assert_taken_over(a, ids, caplog)


async def test_a_zombie_that_was_paused_before_its_commit_does_not_hold_up_a_cancellation(
    two: tuple[Shop, Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = two
    ids = await a.put(10, 10)
    batch_id = await submit(a, plus_one(ids))

    async with paused_before_commit(a, monkeypatch, lapsed=True), asyncio.timeout(NOT_LONG):
        await b.services.control.cancel(batch_id)
        await work_off(b)
        await b.assembly.housekeeping.run_once()

    assert (await batch(b, batch_id)).state is BatchState.CANCELLED
    assert_exact(a, dict.fromkeys(ids, 10))


async def test_of_a_transaction_that_has_not_committed_nobody_sees_anything(
    two: tuple[Shop, Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its writes, the chunk's done mark and the turn of the next chunk are all unseen."""
    a, b = two
    (one,) = await a.put(10)
    batch_id = await submit(a, plus_one([one] * 2), batch_size=1)

    async with paused_before_commit(a, monkeypatch):
        first, second = chunks(a).find().sort("index", 1)
        assert (first["status"], first["outcomes"], first["successCount"]) == ("pending", [], 0)
        assert second["blocked"] is True
        assert a.stocks() == {one: 10}
        assert await a.statuses() == ["pending"] * 2
        assert await work_off(b) == 0
        a.admin.admin.command("killAllSessions", [])  # so it must do everything again

    await work_off(b)
    await b.assembly.housekeeping.run_once()
    assert await codes(b, batch_id) == ["OK", "OK"]
    assert_exact(a, {one: 10})


async def test_one_that_was_slow_and_that_nobody_has_replaced_ends_its_chunk(
    two: tuple[Shop, Shop], caplog: pytest.LogCaptureFixture
) -> None:
    a, _ = two
    ids = await a.put(10, 10)
    await submit(a, plus_one(ids))

    async with claimed(a) as (held, session):
        lapse(a)
        await run(a, held, session, Done())
    await a.assembly.housekeeping.run_once()

    assert LOST not in caplog.messages
    assert_exact(a, dict.fromkeys(ids, 10))


async def test_a_zombie_neither_renews_nor_gives_back_what_another_holds(
    two: tuple[Shop, Shop],
) -> None:
    a, b = two
    batch_id = await submit(a, plus_one(await a.put(10)))

    async with claimed(a) as (lost, _):
        lapse(a)
        async with claimed(b, "B") as (held, _):
            before = chunk(a, batch_id)
            assert not await queue(a).renew(lost.lease)
            await queue(a).give_back(lost.lease, delay_seconds=0, failed=True)
            assert chunk(a, batch_id) == before
            assert await queue(b).renew(held.lease)


async def test_a_zombie_changes_nothing_of_a_batch_that_was_cancelled_meanwhile(
    two: tuple[Shop, Shop], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = two
    ids = await a.put(10, 10)
    batch_id = await submit(a, plus_one(ids))

    async with paused_before_receipt(a, monkeypatch):
        lapse(a)
        cancelled = await b.services.control.cancel(batch_id)

    assert cancelled.state is BatchState.CANCELLED
    assert (cancelled.success_count, cancelled.failure_count) == (0, 2)
    assert caplog.messages.count(LOST) == 1
    assert list(a.stocks().values()) == [10, 10]
    assert_exact(a, dict.fromkeys(ids, 10))


async def test_a_chunk_that_takes_longer_than_its_lease_stays_with_its_worker(
    mongod: EmbeddedMongod, driver_name: DriverName, caplog: pytest.LogCaptureFixture
) -> None:
    """A foreign transaction has its product for four leases of a second."""
    sizes = Sizes(lease_seconds=1)
    async with (
        open_shop(mongod.uri, driver_name, sizes=sizes) as a,
        open_shop(mongod.uri, driver_name, database=a.database, sizes=sizes) as b,
    ):
        (one,) = await a.put(10)
        batch_id = await submit(a, plus_one([one]))
        with a.admin.start_session() as session:
            session.start_transaction()
            a.products.update_one({"_id": ObjectId(one)}, {"$set": {"price": 7}}, session=session)
            running = asyncio.create_task(a.assembly.worker.run_once())
            await until(lambda: "lease" in chunk(a, batch_id))
            long_after = chunk(a, batch_id)["lease"]["expiresAt"] + timedelta(seconds=4)

            while chunk(a, batch_id)["lease"]["expiresAt"] < long_after:
                assert not await b.assembly.worker.run_once()
            session.commit_transaction()
        assert await running
        await a.assembly.housekeeping.run_once()

        assert a.retries("conflict") > 0
        assert TAKEN_OVER not in caplog.messages
        assert LOST not in caplog.messages
        assert chunk(a, batch_id)["crashes"] == 0
        assert a.stocks() == {one: 11}
        assert_exact(a, {one: 10})
