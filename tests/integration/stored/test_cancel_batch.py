"""Cancel a batch: what was applied stays and is counted, and the rest is not begun."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from server.batches.engine.engine import Engine
from server.domain.batch_state import BatchState
from server.domain.errors import BadInput
from server.domain.item_result import Input
from server.domain.outcome import Failed
from server.kinds.create_products.declaration import CREATE_PRODUCTS
from server.kinds.kind import Item
from tests.support.batches.batch_work import (
    assert_exact,
    batch,
    batches,
    claimed,
    codes,
    lapse,
    leased,
    plus_one,
    results,
    set_chunk,
    submit,
    suspected,
    work_off,
)
from tests.support.shop import UNKNOWN_ID, Shop

CANCELLED = BatchState.CANCELLED


async def test_a_batch_that_nobody_has_begun_is_cancelled_at_once(shop: Shop) -> None:
    ids = await shop.put(*[10] * 30)
    batch_id = await submit(shop, plus_one(ids), batch_size=1)

    cancelled = await shop.services.control.cancel(batch_id)

    assert (cancelled.state, cancelled.success_count, cancelled.failure_count) == (
        CANCELLED,
        0,
        30,
    )
    assert (cancelled.started_at, cancelled.error) == (None, None)
    assert cancelled.completed_at is not None
    assert await codes(shop, batch_id) == ["CANCELLED"] * 30
    assert await work_off(shop) == 0
    assert set(shop.stocks().values()) == {10}
    assert {(row["status"], row["code"]) for row in shop.rows()} == {("failed", "CANCELLED")}
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_the_errors_of_what_was_cancelled_invite_to_try_again(shop: Shop) -> None:
    batch_id = await submit(shop, plus_one(await shop.put(10, 10)))

    await shop.services.control.cancel(batch_id)

    for index, one in enumerate(await results(shop, batch_id)):
        assert isinstance(one.outcome, Failed)
        (error,) = one.outcome.errors
        assert error.message == (
            "The batch was cancelled before this item was begun. Nothing was changed."
        )
        assert (error.path, error.retryable) == (("updates", str(index)), True)


async def test_what_was_cancelled_keeps_the_id_that_was_sent(shop: Shop) -> None:
    (one,) = await shop.put(10)
    odd = [one.upper(), "nonsense", "", "\ud800", "x" * 300]
    batch_id = await submit(shop, [{"productId": sent, "quantity": 1} for sent in odd])

    await shop.services.control.cancel(batch_id)

    told = await results(shop, batch_id)
    assert [result.outcome.product_id for result in told] == odd
    assert [result.input["productId"] for result in told] == odd
    assert await codes(shop, batch_id) == ["CANCELLED"] * 5


@pytest.mark.parametrize("odd", [5, 1.5, True, None, {"$ne": 1}, [1]])
async def test_what_was_cancelled_may_have_an_id_that_is_no_text(shop: Shop, odd: object) -> None:
    (one,) = await shop.put(10)
    batch_id = await submit(shop, [*plus_one([one]), {"productId": odd, "quantity": 1}])

    await shop.services.control.cancel(batch_id)

    assert await codes(shop, batch_id) == ["CANCELLED"] * 2
    retried = await shop.services.control.retry(batch_id, None)
    await work_off(shop)
    assert await codes(shop, retried.batch.id) == ["OK", "INVALID_PRODUCT_ID"]
    assert_exact(shop, {one: 10})


async def test_creates_that_were_cancelled_name_the_ids_that_were_asked_for(shop: Shop) -> None:
    cup: Input = {"name": "Cup", "price": 1, "stock": 1, "category": "tableware"}
    batch_id = await submit(
        shop, [{"id": UNKNOWN_ID, **cup}, cup], CREATE_PRODUCTS.work({"expireIn": None})
    )

    await shop.services.control.cancel(batch_id)

    assert await codes(shop, batch_id) == ["CANCELLED"] * 2
    told = await results(shop, batch_id)
    assert [one.outcome.product_id for one in told] == [UNKNOWN_ID, None]
    assert shop.stocks() == {}
    assert_exact(shop)


async def test_cancelling_again_changes_nothing(shop: Shop) -> None:
    batch_id = await submit(shop, plus_one(await shop.put(10)))
    first = await shop.services.control.cancel(batch_id)
    before = batches(shop).find_one()

    assert await shop.services.control.cancel(batch_id) == first
    assert batches(shop).find_one() == before


async def test_what_has_ended_cannot_be_cancelled(shop: Shop) -> None:
    ids = await shop.put(10)
    batch_id = await submit(shop, plus_one(ids))
    await work_off(shop)
    before = batches(shop).find_one()

    with pytest.raises(BadInput, match=f"^The batch {batch_id} has ended: it is COMPLETED and"):
        await shop.services.control.cancel(batch_id)

    assert batches(shop).find_one() == before
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_a_chunk_that_is_under_way_when_its_batch_is_cancelled_ends_and_counts(
    shop: Shop,
) -> None:
    ids = await shop.put(*[10] * 20)
    batch_id = await submit(shop, plus_one(ids), batch_size=5)

    async with claimed(shop) as (held, session):
        running = asyncio.create_task(leased(shop).run(held, session))
        await running
        async with claimed(shop) as (other, second):
            waiting = await shop.services.control.cancel(batch_id)
            assert waiting.state is BatchState.PROCESSING
            await leased(shop).run(other, second)
    await shop.assembly.housekeeping.run_once()

    done = await batch(shop, batch_id)
    assert (done.state, done.success_count) == (CANCELLED, len(held.items))
    assert (await codes(shop, batch_id)).count("CANCELLED") == 20 - len(held.items)
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_a_chunk_whose_holder_is_dead_is_cancelled_with_the_others(shop: Shop) -> None:
    ids = await shop.put(*[10] * 20)
    batch_id = await submit(shop, plus_one(ids), batch_size=5)
    async with claimed(shop):
        pass
    waiting = await shop.services.control.cancel(batch_id)
    assert (waiting.state.is_final, waiting.failure_count < 20) == (False, True)

    lapse(shop)
    await shop.assembly.housekeeping.run_once()

    done = await batch(shop, batch_id)
    assert (done.state, done.failure_count) == (CANCELLED, 20)
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_of_a_chunk_that_was_half_done_the_rest_is_cancelled(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is run in halves after two deaths, and crashes again in the second half."""
    ids = await shop.put(*[10] * 4)
    batch_id = await submit(shop, plus_one(ids))
    set_chunk(shop, batch_id, suspected(first=0, last=3))
    run_chunk = Engine.run_chunk

    async def run(self: Engine, runner: Any, items: Sequence[Item]) -> Any:
        if items[0].index:
            raise asyncio.CancelledError
        return await run_chunk(self, runner, items)

    monkeypatch.setattr(Engine, "run_chunk", run)
    async with claimed(shop) as (held, session):
        with pytest.raises(asyncio.CancelledError):
            await leased(shop).run(held, session)
    lapse(shop)

    cancelled = await shop.services.control.cancel(batch_id)

    assert (cancelled.success_count, cancelled.failure_count) == (2, 2)
    assert await codes(shop, batch_id) == ["OK", "OK", "CANCELLED", "CANCELLED"]
    assert list(shop.stocks().values()) == [11, 11, 10, 10]
    assert_exact(shop, dict.fromkeys(ids, 10))
