"""Follow each list by its cursor while it grows: what stays in its place appears exactly once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from server.domain.listing import (
    BatchOperationFilter,
    Page,
    PageRequest,
    ProductFilter,
    ProductOrder,
    StockUpdateFilter,
)
from server.domain.result_filter import ResultFilter
from server.kinds.discontinue_products.declaration import DISCONTINUE_PRODUCTS
from server.kinds.update_stock.declaration import UPDATE_STOCK
from tests.support.batches.batch_work import (
    chunks,
    database_time,
    plus_one,
    set_chunk,
    submit,
    work_off,
)
from tests.support.shop import UNKNOWN_ID, Shop

pytestmark = pytest.mark.either_driver

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
Read = Callable[[PageRequest], Awaitable[Page[Any]]]


async def followed(
    read: Read, write: Callable[[int], Awaitable[bool]], *, first: int = 3
) -> list[Any]:
    """Read page after page, with a `write` after each that returns whether more may come.

    At the end of the list the reader waits behind its last cursor, as long as more may come.
    """
    items: list[Any] = []
    after, pages, goes_on = None, 0, True
    while True:
        page = await read(PageRequest(first=first, after=after))
        items += page.items
        after = page.cursors[-1] if page.items else after
        if not page.has_next and not goes_on:
            return items
        goes_on = await write(pages) if goes_on else False
        pages += 1


def hold(shop: Shop, batch_id: str, lane: int, seconds: float) -> None:
    """Let the first chunk of a lane wait, so that the other lanes get ahead."""
    ready = database_time(shop) + timedelta(seconds=seconds)
    set_chunk(shop, batch_id, {"readyAt": ready}, lane)


@pytest.mark.parametrize("success", [None, True, False])
@pytest.mark.parametrize("lane", [0, 5])
async def test_the_results_of_a_batch_that_runs(
    shop: Shop, success: bool | None, lane: int
) -> None:
    ids = await shop.put(*[10] * 60)
    sent = plus_one([one if place % 4 else UNKNOWN_ID for place, one in enumerate(ids)])
    batch_id = await submit(shop, sent, batch_size=2)
    lanes = chunks(shop).count_documents({"blocked": False})
    assert lanes > 5
    hold(shop, batch_id, lane, 600)

    async def run(page: int) -> bool:
        if await shop.assembly.worker.run_once():
            return True
        hold(shop, batch_id, lane, -1)
        return await shop.assembly.worker.run_once()

    def read(request: PageRequest) -> Awaitable[Page[Any]]:
        return shop.services.results.page(batch_id, request, ResultFilter(success=success))

    results = await followed(read, run)

    wanted = [i for i in range(60) if success in (None, bool(i % 4))]
    assert [one.index for one in results] == wanted


@pytest.mark.parametrize("lane", [0, 5])
async def test_the_rows_of_a_batch_that_runs(shop: Shop, lane: int) -> None:
    """Stock updates wait as rows from the beginning; discontinuations leave rows when done."""
    ids = await shop.put(*[10] * 60)
    for kind, sent in (
        (UPDATE_STOCK, plus_one(ids)),
        (DISCONTINUE_PRODUCTS, [{"productId": one} for one in ids]),
    ):
        batch_id = await submit(shop, sent, kind.work(), batch_size=2)
        hold(shop, batch_id, lane, 600)

        async def run(page: int, batch_id: str = batch_id) -> bool:
            if await shop.assembly.worker.run_once():
                return True
            hold(shop, batch_id, lane, -1)
            return await shop.assembly.worker.run_once()

        def read(request: PageRequest, batch_id: str = batch_id) -> Awaitable[Page[Any]]:
            return shop.services.ledger.page(StockUpdateFilter(batch_id=batch_id), request)

        rows = await followed(read, run)

        assert [one.product_id for one in rows] == ids


async def test_the_ledger_while_rows_come_before_and_after_the_reader(shop: Shop) -> None:
    (cup,) = await shop.put(1000)
    for minute in range(10):
        shop.clock.stand_at(NOON + timedelta(minutes=minute))
        await shop.update([(cup, 1), (cup, 1)])
    stay = {str(row["_id"]) for row in shop.rows()}

    async def write(page: int) -> bool:
        """A new row, and one of a transaction that began long ago and commits only now."""
        for moment in (NOON + timedelta(hours=1, minutes=page), NOON + timedelta(minutes=page)):
            shop.clock.stand_at(moment)
            await shop.update([(cup, -1)])
        return page < 8

    def read(request: PageRequest) -> Awaitable[Page[Any]]:
        return shop.services.ledger.page(StockUpdateFilter(), request)

    rows = [one.id for one in await followed(read, write)]

    assert sorted(one for one in rows if one in stay) == sorted(stay)
    assert len(rows) == len({*rows})


async def test_a_ledger_read_up_to_a_moment_that_is_over_is_whole(shop: Shop) -> None:
    """`until` bounds the list: what is written later does not come into it."""
    (cup,) = await shop.put(1000)
    shop.clock.stand_at(NOON)
    await shop.update([(cup, 1)] * 20)
    shop.clock.stand_at(NOON + timedelta(minutes=1))

    async def write(page: int) -> bool:
        await shop.update([(cup, -1)])
        return page < 10

    def read(request: PageRequest) -> Awaitable[Page[Any]]:
        until = NOON + timedelta(seconds=1)
        return shop.services.ledger.page(StockUpdateFilter(until=until), request)

    rows = [one.id for one in await followed(read, write)]

    settled = shop.rows(timestamp={"$lt": NOON + timedelta(seconds=1)})
    assert sorted(rows) == [str(row["_id"]) for row in settled]


async def test_the_batches_while_others_are_submitted_and_run(shop: Shop) -> None:
    ids = await shop.put(10)
    stay = [await submit(shop, plus_one(ids)) for _ in range(12)]

    async def write(page: int) -> bool:
        await submit(shop, plus_one(ids))
        await shop.assembly.worker.run_once()
        return page < 8

    def read(request: PageRequest) -> Awaitable[Page[Any]]:
        return shop.services.batches.page(BatchOperationFilter(), request)

    batches = [one.id for one in await followed(read, write)]

    assert [one for one in batches if one in stay] == stay[::-1]
    assert len(batches) == len({*batches})
    await work_off(shop)


@pytest.mark.parametrize("order", ProductOrder)
async def test_the_products_while_others_come_go_and_change(
    shop: Shop, order: ProductOrder
) -> None:
    times = [NOON + timedelta(minutes=i // 4) for i in range(20)]  # four of each key
    stay = []
    for place, moment in enumerate(times):
        fields = {"name": f"Cup {place // 4}", "created_at": moment}
        stay += await shop.put(10 + place // 4, **fields)
    goes = await shop.put(*[12] * 10, name="Cup 3", created_at=times[9])

    async def write(page: int) -> bool:
        await shop.put(10 + page % 5, name=f"Cup {page % 5}", created_at=times[page])
        shop.products.delete_one({"_id": ObjectId(goes[page])})
        shop.products.update_one({"_id": ObjectId(goes[-1])}, {"$set": {"stock": page}})
        shop.products.update_many({}, {"$set": {"category": f"changed {page}"}})
        return page < 8

    def read(request: PageRequest) -> Awaitable[Page[Any]]:
        return shop.services.products.page(ProductFilter(), order, request)

    products = [one.id for one in await followed(read, write)]

    assert sorted(one for one in products if one in stay) == sorted(stay)
