"""Read a page of one moment, however long the query takes to collect it."""

import asyncio

from server.domain.listing import PageRequest, ProductFilter, ProductOrder, StockUpdateFilter
from tests.support.shop import Shop

ITEMS = 1000  # enough that a query yields on its way


async def test_a_page_of_products_is_never_half_of_an_atomic_batch(shop: Shop) -> None:
    ids = await shop.put(*[0] * ITEMS)
    writing = asyncio.create_task(_add_one_to_all(shop, ids, times=12))
    pages = 0

    while not writing.done():
        page = await shop.services.products.page(
            ProductFilter(), ProductOrder.CREATED_ASC, PageRequest(first=ITEMS)
        )
        pages += 1
        assert len({product.stock for product in page.items}) == 1
        assert len(page.items) == ITEMS

    await writing
    assert pages > 10


async def test_a_page_in_the_order_of_what_changes_misses_and_repeats_nothing(shop: Shop) -> None:
    ids = await shop.put(*range(ITEMS))
    writing = asyncio.create_task(_add_one_to_all(shop, ids, times=12))

    while not writing.done():
        page = await shop.services.products.page(
            ProductFilter(), ProductOrder.STOCK_ASC, PageRequest(first=ITEMS)
        )
        assert {product.id for product in page.items} == set(ids)

    await writing


async def test_a_count_of_the_ledger_is_a_count_of_whole_chunks(shop: Shop) -> None:
    ids = await shop.put(*[0] * ITEMS)
    writing = asyncio.create_task(_add_one_to_all(shop, ids, times=6))

    while not writing.done():
        assert await shop.services.ledger.count(StockUpdateFilter()) % ITEMS == 0

    await writing


async def _add_one_to_all(shop: Shop, ids: list[str], *, times: int) -> None:
    for _ in range(times):
        await shop.update([(one, 1) for one in ids], atomic=True)
