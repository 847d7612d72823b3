"""Cancel a batch at any moment, and retry what it left undone."""

import random

import pytest
from bson import ObjectId

from server.domain.batch_state import BatchState
from server.domain.errors import BadInput
from server.domain.item_result import Input
from server.kinds.discontinue_products.declaration import DISCONTINUE_PRODUCTS
from tests.support.batches.batch_work import (
    assert_exact,
    batch,
    batches,
    chunks,
    ended,
    plus_one,
    results,
    submit,
    work_off,
    working,
)
from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.waiting import until

CANCELLED, COMPLETED = BatchState.CANCELLED, BatchState.COMPLETED
AT_ONCE = 5.0  # seconds, in which a cancellation is promised to have ended
POINTS = 25  # with each of the drivers
CHUNKS = 40


@pytest.mark.slow
async def test_it_is_cancelled_and_tried_again_at_any_moment(two: tuple[Shop, Shop]) -> None:
    """Two workers run; it is cancelled when so many of its forty chunks are done."""
    shop, other = two
    generator = random.Random(4)
    opening: dict[str, int] = {}
    stopped_in_the_middle = 0
    async with working(shop, other):
        for _ in range(POINTS):
            ids = await shop.put(*[10] * CHUNKS)
            opening |= dict.fromkeys(ids, 10)
            stopped_in_the_middle += await cancel_and_retry(shop, ids, generator.randrange(CHUNKS))
    await other.assembly.housekeeping.run_once()

    assert stopped_in_the_middle > POINTS // 2
    assert shop.stocks() == dict.fromkeys(opening, 11)
    assert_exact(shop, opening)


async def cancel_and_retry(shop: Shop, ids: list[str], point: int) -> bool:
    """Cancel and retry a batch; return whether it was cancelled in its middle."""
    batch_id = await submit(shop, plus_one(ids), batch_size=1)
    done = {"batchId": ObjectId(batch_id), "status": "done"}
    await until(lambda: chunks(shop).count_documents(done) >= point)

    try:
        await shop.services.control.cancel(batch_id)
    except BadInput:  # it was too late
        assert (await batch(shop, batch_id)).state is COMPLETED
        return False
    cancelled = await ended(shop, batch_id, AT_ONCE)

    assert cancelled.state is CANCELLED
    told = await results(shop, batch_id)
    applied = {ids[one.index] for one in told if one.success}
    assert applied == {one for one in ids if shop.stocks()[one] == 11}
    assert (cancelled.success_count, cancelled.failure_count) == (
        len(applied),
        CHUNKS - len(applied),
    )
    if len(applied) == CHUNKS:
        return False
    retried = await shop.services.control.retry(batch_id, None)
    assert (retried.batch.retry_of, retried.replayed) == (batch_id, False)
    again = await ended(shop, retried.batch.id)
    assert (again.state, again.success_count) == (COMPLETED, CHUNKS - len(applied))
    tried = [one.input["productId"] for one in await results(shop, again.id)]
    assert tried == [one for one in ids if one not in applied]
    return bool(applied)


async def test_a_retry_takes_what_failed_in_its_order_and_nothing_else(shop: Shop) -> None:
    rich, poor = await shop.put(10, 0)
    inputs: list[Input] = [
        {"productId": poor, "quantity": -1},
        {"productId": rich, "quantity": -1},
        {"productId": UNKNOWN_ID, "quantity": 1},
        {"productId": poor.upper(), "quantity": -2, "expectedStock": 5},
    ]
    batch_id = await submit(shop, inputs, batch_size=1)
    await work_off(shop)

    retried = await shop.services.control.retry(batch_id, None)

    assert retried.batch.retry_of == batch_id
    assert retried.batch.total_items == 3
    await work_off(shop)
    told = await results(shop, retried.batch.id)
    assert [one.input for one in told] == [inputs[0], inputs[2], inputs[3]]
    assert shop.stocks() == {rich: 9, poor: 0}
    assert_exact(shop, {rich: 10, poor: 0})


async def test_a_retry_keeps_what_the_batch_was_submitted_with(shop: Shop) -> None:
    batch_id = await submit(
        shop, [{"productId": UNKNOWN_ID}] * 5, DISCONTINUE_PRODUCTS.work(), batch_size=2
    )
    await work_off(shop)

    retried = await shop.services.control.retry(batch_id, None)

    first, again = batches(shop).find().sort("_id", 1)
    assert str(again["_id"]) == retried.batch.id
    assert {key: again[key] for key in ("operationType", "createdBy", "totalItems")} == {
        "operationType": first["operationType"],
        "createdBy": first["createdBy"],
        "totalItems": 5,
    }
    assert again["options"]["batch_size"] == 2


@pytest.mark.parametrize("state", ["waits", "succeeded"])
async def test_a_batch_of_which_nothing_has_failed_cannot_be_tried_again(
    shop: Shop, state: str
) -> None:
    ids = await shop.put(10)
    batch_id = await submit(shop, plus_one(ids))
    if state == "succeeded":
        await work_off(shop)
    why = "is PENDING: what failed" if state == "waits" else "No item of the batch"

    with pytest.raises(BadInput, match=why):
        await shop.services.control.retry(batch_id, None)

    assert batches(shop).count_documents({}) == 1


async def test_a_retry_with_the_same_key_is_the_same_batch(shop: Shop) -> None:
    batch_id = await submit(shop, [{"productId": UNKNOWN_ID, "quantity": 1}])
    await work_off(shop)

    first = await shop.services.control.retry(batch_id, "again")
    second = await shop.services.control.retry(batch_id, "again")

    assert (first.replayed, second.replayed) == (False, True)
    assert first.batch.id == second.batch.id
    assert batches(shop).count_documents({}) == 2


async def test_what_there_is_not_can_neither_be_cancelled_nor_tried_again(shop: Shop) -> None:
    for call in (shop.services.control.cancel(UNKNOWN_ID), _retry(shop, UNKNOWN_ID)):
        with pytest.raises(BadInput, match=f"^There is no batch {UNKNOWN_ID}.$"):
            await call


async def _retry(shop: Shop, batch_id: str) -> object:
    return await shop.services.control.retry(batch_id, None)
