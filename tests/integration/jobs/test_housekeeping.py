"""Finish what a crash has left unfinished, and remove what is of no more use."""

from datetime import timedelta

import pytest
from bson import ObjectId

from server.batches.stored.claimed_chunks import Done, Hindered
from server.batches.stored.retry_decision import MOST_ATTEMPTS
from server.domain.batch_state import BatchState
from server.domain.clock import utc_now
from tests.support.batches.batch_work import (
    assert_exact,
    batch,
    batches,
    chunks,
    claimed,
    codes,
    lapse,
    leased,
    plus_one,
    queue,
    set_chunk,
    submit,
    work_off,
)
from tests.support.shop import UNKNOWN_ID, Shop

COMPLETED = BatchState.COMPLETED
FAILED = BatchState.FAILED
CANCELLED = BatchState.CANCELLED


async def run_without_ending_the_batch(shop: Shop) -> None:
    """Let the worker die between its last commit and the end of the batch."""
    async with claimed(shop) as (held, session):
        assert await leased(shop).run(held, session) == Done()


async def sweep(shop: Shop) -> None:
    await shop.assembly.housekeeping.run_once()


async def test_a_batch_that_a_crash_left_unended_is_completed(shop: Shop) -> None:
    ids = await shop.put(10, 10)
    batch_id = await submit(shop, [*plus_one(ids), {"productId": UNKNOWN_ID, "quantity": 1}])
    await run_without_ending_the_batch(shop)
    assert (await batch(shop, batch_id)).state is BatchState.PROCESSING

    await sweep(shop)

    done = await batch(shop, batch_id)
    assert (done.state, done.success_count, done.failure_count) == (COMPLETED, 2, 1)
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_a_batch_that_waits_or_is_under_way_is_left_alone(shop: Shop) -> None:
    waiting = await submit(shop, plus_one(await shop.put(10)))
    before = batches(shop).find_one()

    await sweep(shop)
    assert batches(shop).find_one() == before

    async with claimed(shop) as (held, session):
        await sweep(shop)
        assert batches(shop).find_one() == before
        await leased(shop).run(held, session)
    assert held.lease.batch_id == waiting


async def test_what_has_ended_is_not_ended_again(two: tuple[Shop, Shop]) -> None:
    one, other = two
    await submit(one, plus_one(await one.put(10)))
    await run_without_ending_the_batch(one)
    await sweep(one)
    before = batches(one).find_one()

    other.clock.stand_at(utc_now() + timedelta(hours=1))
    await sweep(other)

    assert batches(one).find_one() == before


async def test_a_cancellation_that_was_cut_short_goes_on(shop: Shop) -> None:
    """Its process died after it had asked for it, and before it had closed any chunk."""
    ids = await shop.put(*[10] * 5)
    batch_id = await submit(shop, plus_one(ids), batch_size=1)
    await run_without_ending_the_batch(shop)
    batches(shop).update_one({}, {"$set": {"cancelRequested": True}})

    await sweep(shop)

    done = await batch(shop, batch_id)
    assert (done.state, done.success_count, done.failure_count) == (CANCELLED, 1, 4)
    assert sorted(await codes(shop, batch_id)) == [*["CANCELLED"] * 4, "OK"]
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_a_worker_that_meets_a_batch_to_be_cancelled_begins_nothing_of_it(
    shop: Shop,
) -> None:
    ids = await shop.put(*[10] * 5)
    batch_id = await submit(shop, plus_one(ids), batch_size=1)
    batches(shop).update_one({}, {"$set": {"cancelRequested": True}})

    await work_off(shop)

    assert (await batch(shop, batch_id)).state is CANCELLED
    assert await codes(shop, batch_id) == ["CANCELLED"] * 5
    assert set(shop.stocks().values()) == {10}
    assert_exact(shop, dict.fromkeys(ids, 10))


@pytest.mark.parametrize("command", ["find", "commitTransaction"])
async def test_a_batch_fails_when_the_attempts_at_a_chunk_are_used_up(
    shop: Shop, command: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The database refuses the last attempt; one chunk has been applied before."""
    shop.runner._deadline_seconds = 0.1
    ids = await shop.put(*[10] * 4)
    batch_id = await submit(shop, plus_one(ids), batch_size=1)
    await run_without_ending_the_batch(shop)
    waiting = (
        chunks(shop).find({"status": "pending", "blocked": False}).sort([("due", 1), ("_id", 1)])
    )
    index = waiting[0]["index"]
    set_chunk(shop, batch_id, {"attempts": MOST_ATTEMPTS - 1}, index)

    async with claimed(shop) as (held, session):
        assert held.lease.index == index
        found = await shop.services.batches.by_id(batch_id)
        assert found is not None
        before = {"find": {"skip": 1}, "commitTransaction": "alwaysOn"}[command]
        with shop.failing(
            command, mode=before, errorCode=91, errorLabels=["TransientTransactionError"]
        ):
            end = await leased(shop).run(held, session)
    assert isinstance(end, Hindered)
    await work_off(shop)
    await sweep(shop)

    done = await batch(shop, batch_id)
    assert (done.state, done.success_count, done.failure_count) == (FAILED, 1, 3)
    assert done.error
    assert done.error.startswith(
        "A chunk of this batch could not be finished: the database failed 8 times. Send the failed "
        "items again; for a submitted batch, retryBatch does that. (Error "
    )
    assert sorted(await codes(shop, batch_id)) == ["OK", *["UNAVAILABLE"] * 3]
    assert sorted(shop.stocks().values()) == [10, 10, 10, 11]
    assert any("given up, and its batch with it" in one for one in caplog.messages)
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_an_attempt_that_the_database_refuses_is_counted_and_made_again_later(
    shop: Shop,
) -> None:
    shop.runner._deadline_seconds = 0.1
    ids = await shop.put(10)
    batch_id = await submit(shop, plus_one(ids))
    now = shop.admin.admin.command("hello")["localTime"]

    with shop.failing(
        "commitTransaction",
        mode="alwaysOn",
        errorCode=91,
        errorLabels=["TransientTransactionError"],
    ):
        assert await shop.assembly.worker.run_once()

    stored = chunks(shop).find_one()
    assert (stored["status"], stored["attempts"], stored["crashes"]) == ("pending", 1, 0)
    assert "lease" not in stored
    assert stored["readyAt"].replace(tzinfo=None) > now
    assert shop.stocks() == {ids[0]: 10}
    set_chunk(shop, batch_id, {"readyAt": utc_now() - timedelta(minutes=1)})
    await work_off(shop)
    assert (await batch(shop, batch_id)).state is COMPLETED
    assert_exact(shop, {ids[0]: 10})


async def test_a_chunk_whose_products_others_kept_changing_fails_alone_in_the_end(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.runner._deadline_seconds = 0.1
    busy, free = await shop.put(10, 10)
    batch_id = await submit(shop, plus_one([busy, free]), batch_size=1)
    (index,) = [one["index"] for one in chunks(shop).find({"items.index": 0})]
    set_chunk(shop, batch_id, {"attempts": MOST_ATTEMPTS - 1}, index)

    with shop.admin.start_session() as session, session.start_transaction():
        shop.products.update_one({"_id": ObjectId(busy)}, {"$set": {"price": 7}}, session=session)
        for _ in range(2):
            await shop.assembly.worker.run_once()
    await work_off(shop)
    await sweep(shop)

    done = await batch(shop, batch_id)
    assert (done.state, done.error, done.failure_count) == (COMPLETED, None, 1)
    assert await codes(shop, batch_id) == ["WRITE_CONFLICT", "OK"]
    assert caplog.messages.count("A chunk is given up: its products kept changing") == 1
    assert not any("given back" in message for message in caplog.messages)
    assert shop.stocks() == {busy: 10, free: 11}
    assert_exact(shop, {busy: 10, free: 10})


async def test_a_chunk_of_a_failing_batch_that_is_under_way_ends_and_counts(shop: Shop) -> None:
    ids = await shop.put(*[10] * 3)
    batch_id = await submit(shop, plus_one(ids), batch_size=1)

    async with claimed(shop) as (held, session):
        batches(shop).update_one({"_id": ObjectId(batch_id)}, {"$set": {"failing": "gone"}})
        await sweep(shop)
        assert not (await batch(shop, batch_id)).state.is_final
        lapse(shop)
        assert queue(shop)
        await leased(shop).run(held, session)
    await sweep(shop)

    done = await batch(shop, batch_id)
    assert (done.state, done.error) == (FAILED, "gone")
    assert done.success_count + done.failure_count == 3
    assert_exact(shop, dict.fromkeys(ids, 10))
