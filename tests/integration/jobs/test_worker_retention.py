"""Remove what is old, keep what must stay, and warn of what needs attention."""

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from server.domain.batch_state import BatchState
from server.domain.clock import utc_now
from tests.support.batches.batch_work import (
    assert_exact,
    batch,
    batches,
    chunks,
    claimed,
    database_time,
    leased,
    plus_one,
    stored_counts,
    submit,
    work_off,
)
from tests.support.shop import UNKNOWN_ID, Shop

NOON = utc_now().replace(microsecond=0) - timedelta(days=100)
LASTS = timedelta(days=30)
A_MOMENT = timedelta(milliseconds=1)


async def ended_at(shop: Shop, moment: datetime, *, key: str | None = None) -> tuple[str, str]:
    """Submit and run a batch at that moment; return its id and its product."""
    (one,) = await shop.put(10)
    shop.clock.stand_at(moment)
    batch_id = await submit(shop, plus_one([one]), key=key)
    await work_off(shop)
    return batch_id, one


async def remove_old(shop: Shop, now: datetime) -> None:
    shop.clock.stand_at(now)
    await shop.assembly.retention.run_once()


async def test_a_batch_goes_with_its_chunks_when_it_ended_long_ago_and_its_rows_stay(
    shop: Shop,
) -> None:
    _, one = await ended_at(shop, NOON)
    rows = shop.rows()

    await remove_old(shop, NOON + LASTS)
    assert stored_counts(shop) == (1, 1, 1)

    await remove_old(shop, NOON + LASTS + A_MOMENT)
    assert stored_counts(shop) == (0, 0, 1)
    assert shop.rows() == rows
    shop.assert_ledger_explains({one: 10})


async def test_what_ended_later_stays(shop: Shop) -> None:
    await ended_at(shop, NOON)
    late, _ = await ended_at(shop, NOON + timedelta(days=1))

    await remove_old(shop, NOON + LASTS + timedelta(hours=1))

    assert [str(one["_id"]) for one in batches(shop).find()] == [late]
    assert {str(one["batchId"]) for one in chunks(shop).find()} == {late}
    assert len(shop.rows()) == 2


async def test_a_batch_that_has_not_ended_stays_however_old_it_is(shop: Shop) -> None:
    (one,) = await shop.put(10)
    shop.clock.stand_at(NOON)
    waiting = await submit(shop, plus_one([one]))
    begun = await submit(shop, plus_one([one, one]), batch_size=1)
    async with claimed(shop) as (held, session):
        await leased(shop).run(held, session)
    async with claimed(shop) as (held, session):
        await leased(shop).run(held, session)
    before = stored_counts(shop)

    await remove_old(shop, NOON + timedelta(days=90))

    assert stored_counts(shop) == before
    await work_off(shop)
    await shop.assembly.housekeeping.run_once()
    assert (await batch(shop, waiting)).state is BatchState.COMPLETED
    assert (await batch(shop, begun)).state is BatchState.COMPLETED
    assert_exact(shop, {one: 10})


async def test_a_key_is_kept_for_seven_days(shop: Shop) -> None:
    batch_id, _ = await ended_at(shop, NOON, key="mine")
    week = timedelta(days=7)

    await remove_old(shop, NOON + week)
    assert batches(shop).find_one()["idempotencyKey"] == "mine"

    await remove_old(shop, NOON + week + A_MOMENT)
    found = batches(shop).find_one()
    assert ("idempotencyKey" in found, str(found["_id"])) == (False, batch_id)
    assert await submit(shop, plus_one([UNKNOWN_ID]), key="mine") != batch_id


async def test_the_key_of_a_batch_that_has_not_ended_is_kept(shop: Shop) -> None:
    shop.clock.stand_at(NOON)
    await submit(shop, plus_one(await shop.put(10)), key="mine")

    await remove_old(shop, NOON + timedelta(days=90))

    assert batches(shop).find_one()["idempotencyKey"] == "mine"


def put_submission(shop: Shop, status: str, until: datetime) -> ObjectId:
    """Put what a process leaves that died while it stored a long batch."""
    document: dict[str, Any] = {
        "_id": ObjectId(),
        "operationType": "updateStock",
        "status": status,
        "options": {},
        "totalItems": 0,
        "createdBy": "anonymous",
        "createdAt": NOON,
        "successCount": 0,
        "failureCount": 0,
        "cancelRequested": False,
        "submittedUntil": until,
    }
    batches(shop).insert_one(document)
    row = {"productId": ObjectId(), "quantity": 1, "timestamp": NOON, "reason": "adjustment"}
    shop.stock_updates.insert_one(
        row | {"status": "pending", "batchId": document["_id"], "index": 0}
    )
    return document["_id"]


@pytest.mark.parametrize(
    ("status", "seconds", "goes"),
    [
        (BatchState.SUBMITTING.value, -1, True),
        (BatchState.SUBMITTING.value, 60, False),
        (BatchState.ABANDONED.value, 60, True),
    ],
)
async def test_what_nobody_goes_on_to_submit_is_taken_away(
    shop: Shop, status: str, seconds: float, goes: bool
) -> None:
    other, _ = await ended_at(shop, NOON)
    own = put_submission(shop, status, database_time(shop) + timedelta(seconds=seconds))
    assert shop.stock_updates.count_documents({"batchId": own}) == 1

    await shop.assembly.housekeeping.run_once()

    left = {one["_id"] for one in batches(shop).find()}
    assert left == {ObjectId(other)} | (set() if goes else {own})
    assert shop.stock_updates.count_documents({"batchId": own}) == (0 if goes else 1)
    assert await shop.services.batches.by_id(str(own)) is None


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]


async def test_a_slow_batch_is_told_once_whoever_looks(
    two: tuple[Shop, Shop], caplog: pytest.LogCaptureFixture
) -> None:
    (one,) = await two[0].put(10)
    two[0].clock.stand_at(NOON)
    await submit(two[0], plus_one([one, one]), batch_size=1)
    async with claimed(two[0]) as (held, session):
        await leased(two[0]).run(held, session)
    for seconds, told in ((120, 0), (121, 1), (150, 1)):
        for shop in (*two, two[0]):
            shop.clock.stand_at(NOON + timedelta(seconds=seconds))
            await shop.assembly.housekeeping.run_once()
        assert len(warnings(caplog)) == told

    assert warnings(caplog) == ["SLOW: Over 120 s: 121 s for 2 items."]
    await work_off(two[1])
    await two[1].assembly.housekeeping.run_once()
    assert len(warnings(caplog)) == 1


async def test_a_batch_that_waits_too_long_is_slow_too(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    """No worker may be running at all."""
    shop.clock.stand_at(NOON)
    await submit(shop, plus_one(await shop.put(10)))

    shop.clock.stand_at(NOON + timedelta(seconds=121))
    await shop.assembly.housekeeping.run_once()

    assert warnings(caplog) == ["SLOW: Over 120 s: 121 s for 1 items."]


async def test_many_failures_are_told_once_whoever_looks(
    two: tuple[Shop, Shop], caplog: pytest.LogCaptureFixture
) -> None:
    await submit(two[0], plus_one([UNKNOWN_ID] * 3 + await two[0].put(10)))

    await work_off(two[1])
    for shop in two:
        await shop.assembly.housekeeping.run_once()

    assert warnings(caplog) == ["HIGH_FAILURE_RATE: 75% of the items failed: 3 of 4."]


async def test_a_batch_that_goes_well_is_not_told(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    await submit(shop, plus_one([UNKNOWN_ID, *await shop.put(10)]))

    await work_off(shop)
    await shop.assembly.housekeeping.run_once()

    assert warnings(caplog) == []
