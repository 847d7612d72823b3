"""Run workers and housekeeping beside a long batch that is still being stored."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from server.batches.request import BatchRequest
from server.domain.errors import StoreError
from server.domain.item_result import Input
from server.domain.options import BatchOptions
from server.kinds.update_stock.declaration import UPDATE_STOCK
from tests.support.batches.batch_work import (
    assert_exact,
    batch,
    batches,
    chunks,
    database_time,
    plus_one,
    stored_counts,
    work_off,
)
from tests.support.shop import Shop
from tests.support.waiting import until

ITEMS = 40
REQUEST = BatchRequest(work=UPDATE_STOCK.work(), options=BatchOptions(batch_size=1))


async def test_nobody_begins_a_batch_of_which_only_a_part_is_stored(shop: Shop) -> None:
    ids = await shop.put(*[10] * ITEMS)

    async def blocks() -> AsyncIterator[Sequence[Input]]:
        yield plus_one(ids)
        await until(lambda: chunks(shop).count_documents({}) > 0)
        assert await work_off(shop) == 0
        await shop.assembly.housekeeping.run_once()
        yield plus_one(ids)

    submitted = await shop.services.submissions.submit_stream(REQUEST, blocks())

    assert set(shop.stocks().values()) == {10}
    await work_off(shop)
    assert (await batch(shop, submitted.batch.id)).success_count == 2 * ITEMS
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_a_submission_that_was_given_up_in_its_name_leaves_nothing(shop: Shop) -> None:
    """Its process was silent for so long that housekeeping took it for dead."""
    ids = await shop.put(*[10] * ITEMS)

    async def blocks() -> AsyncIterator[Sequence[Input]]:
        yield plus_one(ids)
        await until(lambda: chunks(shop).count_documents({}) > 0)
        while batches(shop).count_documents({"status": "submitting"}):
            long_ago = database_time(shop) - timedelta(seconds=1)
            batches(shop).update_one({}, {"$set": {"submittedUntil": long_ago}})
            await shop.assembly.housekeeping.run_once()
        yield plus_one(ids)

    with pytest.raises(StoreError):
        await shop.services.submissions.submit_stream(REQUEST, blocks())

    assert stored_counts(shop) == (0, 0, 0)
    assert await work_off(shop) == 0
    assert set(shop.stocks().values()) == {10}
