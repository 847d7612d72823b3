"""Keep a key for seven days: until then it replays the first answer, and then it is new."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from server.assembly import Sizes
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.batch_invariants import assert_batches_are_exact
from tests.support.batches.batch_work import work_off
from tests.support.batches.idempotent_calls import batches, chunks, told, update_stock
from tests.support.shop import Shop, open_shop
from tests.support.web.whole_answers import Json, code_of, data_of, everything, is_replay, post

BEGIN = datetime(2026, 6, 1, 12, tzinfo=UTC)
A_WEEK = timedelta(days=7)
A_MILLISECOND = timedelta(milliseconds=1)
SUBMIT = """
mutation ($ids: [ID!]!) {
  submitBatch(operation: {discontinueProducts: {productIds: $ids}}) { id totalItems }
}
"""


async def clean(shop: Shop) -> None:
    await shop.assembly.housekeeping.run_once()
    await shop.assembly.retention.run_once()


async def leave(shop: Shop) -> None:
    """Do nothing: old keys are still there."""


async def submit(shop: Shop, ids: list[str]) -> Json:
    async with shop.http() as client:
        return await post(client, SUBMIT, {"ids": ids}, "key")


Look = Callable[[Shop], Awaitable[None]]
CLEANED_OR_NOT = pytest.mark.parametrize("look", [clean, leave])


@CLEANED_OR_NOT
async def test_for_seven_days_the_first_answer_is_given_again(shop: Shop, look: Look) -> None:
    ids = await shop.put(10)
    shop.clock.stand_at(BEGIN)
    await update_stock(shop, ids)
    shop.clock.stand_at(BEGIN + A_WEEK)
    await look(shop)
    left = everything(shop)

    again = await update_stock(shop, ids)

    assert (data_of(again), is_replay(again)) == (told(ids), True)
    assert everything(shop) == left


@CLEANED_OR_NOT
async def test_after_seven_days_the_key_is_new(shop: Shop, look: Look) -> None:
    ids = await shop.put(10, 10)
    shop.clock.stand_at(BEGIN)
    await update_stock(shop, ids)
    shop.clock.stand_at(BEGIN + A_WEEK + A_MILLISECOND)
    await look(shop)

    fresh = await update_stock(shop, ids)
    again = await update_stock(shop, ids)

    assert data_of(fresh) == data_of(again) == told(ids, 20)
    assert (is_replay(fresh), is_replay(again)) == (False, True)
    assert len(batches(shop)) == 2
    assert_batches_are_exact(shop.admin[shop.database], dict.fromkeys(ids, 10))


@CLEANED_OR_NOT
async def test_after_seven_days_the_key_may_be_for_something_else(shop: Shop, look: Look) -> None:
    ids = await shop.put(10, 10)
    shop.clock.stand_at(BEGIN)
    await update_stock(shop, ids[:1])
    assert code_of(await update_stock(shop, ids)) == "IDEMPOTENCY_KEY_REUSED"
    shop.clock.stand_at(BEGIN + A_WEEK + A_MILLISECOND)
    await look(shop)

    other = await update_stock(shop, ids)

    assert is_replay(other) is False
    assert shop.stocks() == {ids[0]: 20, ids[1]: 15}


@CLEANED_OR_NOT
async def test_a_submission_has_its_key_for_seven_days(shop: Shop, look: Look) -> None:
    ids = await shop.put(10)
    shop.clock.stand_at(BEGIN)
    first = await submit(shop, ids)
    await work_off(shop)
    shop.clock.stand_at(BEGIN + A_WEEK)
    await look(shop)
    last = await submit(shop, ids)
    shop.clock.stand_at(BEGIN + A_WEEK + A_MILLISECOND)
    await look(shop)

    fresh = await submit(shop, ids)

    assert data_of(first) == data_of(last) != data_of(fresh)
    assert [is_replay(answer) for answer in (first, last, fresh)] == [False, True, False]


@CLEANED_OR_NOT
async def test_a_batch_that_has_not_ended_keeps_its_key(shop: Shop, look: Look) -> None:
    ids = await shop.put(10)
    shop.clock.stand_at(BEGIN)
    first = await submit(shop, ids)
    shop.clock.stand_at(BEGIN + 10 * A_WEEK)
    await look(shop)

    again = await submit(shop, ids)

    assert (data_of(again), is_replay(again)) == (data_of(first), True)
    assert len(batches(shop)) == 1


async def test_a_batch_stays_for_as_long_as_its_key(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    sizes = Sizes(batches_last=timedelta(days=1))
    async with open_shop(mongod.uri, driver_name, sizes=sizes) as shop:
        ids = await shop.put(10)
        shop.clock.stand_at(BEGIN)
        await update_stock(shop, ids, "key")
        await submit(shop, ids)  # the same key for something else: nothing is stored
        async with shop.http() as client:
            await post(client, SUBMIT, {"ids": ids})
        await work_off(shop)
        shop.clock.stand_at(BEGIN + A_WEEK)
        await clean(shop)

        (kept,) = batches(shop)  # that without a key is gone
        assert kept["idempotencyKey"] == "key"
        assert [chunk["batchId"] for chunk in chunks(shop)] == [kept["_id"]]

        shop.clock.stand_at(BEGIN + A_WEEK + A_MILLISECOND)
        await clean(shop)

        assert (batches(shop), chunks(shop)) == ([], [])
        assert shop.stocks() == {ids[0]: 0}
        assert [row["status"] for row in shop.rows()] == ["applied", "applied"]


async def test_a_batch_outlives_its_key(shop: Shop) -> None:
    ids = await shop.put(10)
    shop.clock.stand_at(BEGIN)
    await update_stock(shop, ids)
    shop.clock.stand_at(BEGIN + A_WEEK + A_MILLISECOND)

    await clean(shop)

    (batch,) = batches(shop)
    assert "idempotencyKey" not in batch
    assert len(chunks(shop)) == 1
