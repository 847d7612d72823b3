"""Rows that wait in chunks: races with their settling, parts, deletions, upgrades."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId
from msgspec import structs

from server.batches.stored import submission
from server.domain.errors import BadInput, LeaseLost
from server.domain.item_error import ItemErrorCode
from server.domain.lanes import mark_of
from server.domain.listing import PageRequest, StockUpdateFilter
from server.domain.outcome import Failed
from server.domain.stock_update import StockUpdate, StockUpdateStatus
from server.domain.stored_batch import StoredBatch
from server.kinds.delete_products.rules import Deleted
from server.mongo.batches.stored_batches import StoredBatches
from tests.support.batches.batch_work import (
    assert_exact,
    batches,
    chunks,
    codes,
    lapse,
    plus_one,
    set_chunk,
    submit,
    suspected,
    work_off,
)
from tests.support.batches.ledger_model import pages
from tests.support.shop import Shop

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
PENDING = StockUpdateStatus.PENDING
EVERYTHING = StockUpdateFilter()


async def test_a_read_meanwhile_shows_every_row_once(shop: Shop) -> None:
    """A row settles under the eyes of readers: it moves from its chunk into the ledger."""
    products = await shop.put(*[1000] * 4)
    inputs = plus_one(products * 20)
    batch_ids = [await submit(shop, inputs, batch_size=3) for _ in range(2)]
    total = len(inputs) * len(batch_ids)
    ids = sorted(row.id for row in await shop.ledger())
    reads = 0

    async def read() -> None:
        nonlocal reads
        while chunks(shop).count_documents({"status": "pending"}):
            for where in (EVERYTHING, StockUpdateFilter(batch_id=batch_ids[0])):
                page = await shop.services.ledger.page(where, PageRequest(first=1000))
                found = sorted(row.id for row in page.items)
                assert len(found) == len(set(found)) == total // (2 if where.batch_id else 1)
                assert set(found) <= set(ids)
                assert await shop.services.ledger.count(where) == len(found)
                reads += 1

    await asyncio.gather(read(), read(), work_off(shop), work_off(shop))

    assert reads > 3
    assert chunks(shop).count_documents({"rows": {"$exists": True}}) == 0
    assert sorted(row.id for row in await shop.ledger()) == ids
    assert_exact(shop, dict.fromkeys(products, 1000))


async def test_a_cursor_that_was_given_out_before_goes_on_after_its_row_has_settled(
    shop: Shop,
) -> None:
    shop.clock.stand_at(NOON)
    products = await shop.put(*[10] * 6)
    batch_id = await submit(shop, plus_one(products), batch_size=2)
    of_batch = StockUpdateFilter(batch_id=batch_id)
    first = await shop.services.ledger.page(of_batch, PageRequest(first=2))
    newest = await shop.services.ledger.page(EVERYTHING, PageRequest(first=2))
    before = await shop.ledger()
    shop.clock.stand_at(NOON + timedelta(seconds=1))
    await work_off(shop)

    rest = await shop.services.ledger.page(of_batch, PageRequest(first=9, after=first.cursors[-1]))
    older = await shop.services.ledger.page(
        EVERYTHING, PageRequest(first=9, after=newest.cursors[-1])
    )

    assert [row.product_id for row in rest.items] == products[2:]
    assert {row.status for row in rest.items} == {StockUpdateStatus.APPLIED}
    assert list(older.items) == []  # all have the time of their transaction now
    assert {row.id for row in await shop.ledger()} == {row.id for row in before}


async def test_a_batch_that_is_still_being_stored_shows_no_row(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "_CHUNKS_AT_ONCE", 2)
    seen: list[list[str]] = []
    start = StoredBatches.start

    async def look_first(self: StoredBatches, stored: StoredBatch) -> bool:
        assert chunks(shop).count_documents({}) == 6
        seen.append(await shop.statuses())
        assert await shop.services.ledger.count(EVERYTHING) == 0
        return await start(self, stored)

    monkeypatch.setattr(StoredBatches, "start", look_first)
    products = await shop.put(*[10] * 6)
    batch_id = await submit(shop, plus_one(products), batch_size=1)

    assert seen == [[]]
    assert [row.product_id for row in await shop.ledger(batch_id=batch_id)] == products
    assert shop.rows() == []


async def test_a_chunk_that_is_done_in_part_shows_the_rest_as_pending(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    products = await shop.put(*[10] * 4)
    batch_id = await submit(shop, [*plus_one(products), {"productId": "zz", "quantity": 1}])
    set_chunk(shop, batch_id, suspected(first=0, last=4))
    before = [row.id for row in await shop.ledger(batch_id=batch_id)]
    run_chunk, calls = type(shop.engine).run_chunk, iter([False, True])

    async def lose_the_second(self: object, *arguments: object) -> object:
        if next(calls):
            raise LeaseLost("planted")
        return await run_chunk(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(type(shop.engine), "run_chunk", lose_the_second)
    await shop.assembly.worker.run_once()
    monkeypatch.undo()

    rows = await shop.ledger(batch_id=batch_id)
    waiting = [row.id for row in rows if row.status is PENDING]
    assert 0 < len(waiting) < 4
    assert [row.id for row in rows] == before
    assert len(shop.rows()) + len(waiting) == 4
    for size in (1, 3):
        found = await pages(shop.services.ledger, EVERYTHING, size)
        assert sorted(row.id for page in found for row in page) == sorted(before)
    assert await shop.services.ledger.count(StockUpdateFilter(status=PENDING)) == len(waiting)
    lapse(shop)
    await work_off(shop)
    assert_exact(shop, dict.fromkeys(products, 10))


def same_mark() -> tuple[str, str]:
    """Return the ids of two products that have the same mark."""
    rng, seen = random.Random(1), dict[int, str]()
    while True:
        product_id = f"{rng.getrandbits(96):024x}"
        other = seen.setdefault(mark_of(product_id), product_id)
        if other != product_id:
            return other, product_id


async def test_products_that_share_a_mark_are_told_apart(shop: Shop) -> None:
    """A mark leads to a chunk; the items in it decide."""
    waits, other = same_mark()
    for one in (waits, other):
        await shop.create({"own_id": one})
    await submit(shop, plus_one([waits.upper(), waits]))

    assert [row.product_id for row in await shop.ledger(product_id=waits)] == [waits] * 2
    assert await shop.ledger(product_id=other) == []
    assert await shop.services.ledger.count(StockUpdateFilter(product_id=other)) == 0
    refused, deleted = await shop.delete(waits, other)

    assert isinstance(refused, Failed)
    assert refused.errors[0].code is ItemErrorCode.HAS_STOCK_UPDATES
    assert "has 2 stock updates" in refused.errors[0].message
    assert isinstance(deleted, Deleted)


async def test_a_cascade_leaves_waiting_updates_to_their_batch(shop: Shop) -> None:
    (one,) = await shop.put(10)
    await shop.update([(one, 1)])
    batch_id = await submit(shop, plus_one([one]))

    (deleted,) = await shop.delete(one, cascade=True)

    assert isinstance(deleted, Deleted)
    assert deleted.cascaded == 1
    (waiting,) = await shop.ledger()
    assert waiting.status is PENDING
    await work_off(shop)
    (failed,) = await shop.ledger()
    assert (failed.id, failed.status) == (waiting.id, StockUpdateStatus.FAILED)
    assert await codes(shop, batch_id) == ["PRODUCT_NOT_FOUND"]


def as_0_1_0_stored_it(shop: Shop, batch_id: str, rows: Sequence[StockUpdate]) -> None:
    """Turn a waiting batch into one that 0.1.0 has stored: its pending rows are documents."""
    own = ObjectId(batch_id)
    batches(shop).update_one({"_id": own}, {"$unset": {"firstRow": ""}})
    chunks(shop).update_many({"batchId": own}, {"$unset": {"rows": ""}})
    shop.stock_updates.insert_many(
        {
            "_id": ObjectId(row.id),
            "productId": ObjectId(row.product_id),
            "quantity": row.quantity,
            "timestamp": row.timestamp,
            "status": "pending",
            "reason": "adjustment",
            "batchId": own,
            "index": index,
        }
        for index, row in enumerate(rows)
    )


@pytest.mark.parametrize("end", ["run", "cancelled"])
async def test_a_batch_with_stored_rows_goes_on(shop: Shop, end: str) -> None:
    products = await shop.put(10, 10)
    old = await submit(shop, plus_one(products))
    before = await shop.ledger(batch_id=old)
    as_0_1_0_stored_it(shop, old, before)
    new = await submit(shop, plus_one(products))
    assert await shop.ledger(batch_id=old) == [
        structs.replace(row, created_by=None) for row in before
    ]
    assert await shop.statuses() == ["pending"] * 4

    if end == "cancelled":
        await shop.services.control.cancel(old)
    await work_off(shop)

    after = await shop.ledger(batch_id=old)
    assert [row.id for row in after] == [row.id for row in before]
    expected = "applied" if end == "run" else "failed"
    assert [row.status.value for row in after] == [expected] * 2
    assert [row.status.value for row in await shop.ledger(batch_id=new)] == ["applied"] * 2
    assert_exact(shop, dict.fromkeys(products, 10))


async def test_a_worker_of_0_1_0_that_runs_a_new_chunk_leaves_each_row_once(shop: Shop) -> None:
    """It does not know of `firstRow` and inserts the rows it does not find, under other ids."""
    products = await shop.put(10, 10)
    batch_id = await submit(shop, plus_one(products))
    batches(shop).update_one({"_id": ObjectId(batch_id)}, {"$unset": {"firstRow": ""}})

    await work_off(shop)

    assert [row.status.value for row in await shop.ledger()] == ["applied"] * 2
    assert await shop.services.ledger.count(EVERYTHING) == 2
    assert_exact(shop, dict.fromkeys(products, 10))


async def test_cancelled_rows_keep_their_ids_and_times(shop: Shop) -> None:
    shop.clock.stand_at(NOON)
    products = await shop.put(*[10] * 9)
    batch_id = await submit(shop, plus_one(products), batch_size=1)
    before = await shop.ledger(batch_id=batch_id)
    shop.clock.stand_at(NOON + timedelta(hours=1))

    await shop.services.control.cancel(batch_id)

    after = await shop.ledger(batch_id=batch_id)
    assert [(row.id, row.timestamp) for row in after] == [(row.id, NOON) for row in before]
    assert {(row.status.value, row.code) for row in after} == {("failed", ItemErrorCode.CANCELLED)}
    assert len(shop.rows()) == 9
    assert_exact(shop, dict.fromkeys(products, 10))


async def test_a_cursor_must_fit_the_list_although_its_rows_wait(shop: Shop) -> None:
    batch_id = await submit(shop, plus_one(await shop.put(10)))
    of_batch = StockUpdateFilter(batch_id=batch_id)
    page = await shop.services.ledger.page(of_batch, PageRequest())

    with pytest.raises(BadInput, match="of a list in another order"):
        await shop.services.ledger.page(EVERYTHING, PageRequest(after=page.cursors[0]))
