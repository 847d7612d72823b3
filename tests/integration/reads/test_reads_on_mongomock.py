"""Reads that need no transaction, on mongomock-motor: what they find depends on no real server.

Transactions, validators and the plans of queries are what it does not know; they are tested on the
real one alone.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mongomock_motor import AsyncMongoMockClient

from server.domain.errors import BadInput
from server.domain.listing import PageRequest, ProductFilter, ProductOrder
from server.domain.product import Product
from server.mongo.products.documents import from_product
from server.mongo.products.product_reads import ProductReads

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def product(number: int, **fields: Any) -> Product:
    values: dict[str, Any] = {
        "id": f"{number:024x}",
        "name": f"Cup {number:02}",
        "price": 100,
        "stock": number % 3,
        "category": "tea" if number % 2 else "coffee",
        "discontinued": False,
        "created_at": NOON + timedelta(milliseconds=number),
        "updated_at": NOON,
    }
    return Product(**(values | fields))


PRODUCTS = [product(number) for number in range(10)]


class Mocked:
    """A collection of mongomock-motor that ignores hints and keeps itself in `with_options`."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection

    def with_options(self, **_options: Any) -> "Mocked":
        return self

    def find(self, query: Any, **options: Any) -> Any:
        return self._collection.find(query, **_without_hint(options))

    async def count_documents(self, query: Any, **options: Any) -> Any:
        return await self._collection.count_documents(query, **_without_hint(options))


def _without_hint(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != "hint"}


@pytest.fixture
async def catalog() -> ProductReads:
    products = AsyncMongoMockClient(tz_aware=True)["shop"]["products"]
    await products.insert_many([from_product(one) for one in PRODUCTS])
    return ProductReads({"products": Mocked(products)}, lambda: NOON)


async def test_a_product_comes_back_as_it_was_stored(catalog: ProductReads) -> None:
    assert await catalog.by_id(PRODUCTS[3].id) == PRODUCTS[3]


async def test_an_unknown_product_is_none(catalog: ProductReads) -> None:
    assert await catalog.by_id("f" * 24) is None


async def test_products_come_in_the_order_in_which_they_were_asked_for(
    catalog: ProductReads,
) -> None:
    ids = [PRODUCTS[5].id, "f" * 24, PRODUCTS[1].id, PRODUCTS[5].id]

    assert await catalog.by_ids(ids) == [PRODUCTS[5], None, PRODUCTS[1], PRODUCTS[5]]


async def test_no_ids_find_no_products(catalog: ProductReads) -> None:
    assert await catalog.by_ids([]) == []


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        (ProductFilter(), range(10)),
        (ProductFilter(category="tea"), [1, 3, 5, 7, 9]),
        (ProductFilter(discontinued=True), []),
        (ProductFilter(stock_at_least=1, stock_at_most=1), [1, 4, 7]),
        (ProductFilter(name_prefix="Cup 0"), range(10)),
        (ProductFilter(name_prefix="Cup 01"), [1]),
        (ProductFilter(ids=[PRODUCTS[7].id, PRODUCTS[2].id]), [2, 7]),
    ],
)
async def test_a_filter_finds_what_it_says(
    catalog: ProductReads, where: ProductFilter, numbers: list[int]
) -> None:
    page = await catalog.page(where, ProductOrder.CREATED_ASC, PageRequest())

    assert page.items == [PRODUCTS[number] for number in numbers]
    assert await catalog.count(where, None) == len(numbers)


@pytest.mark.parametrize("size", [1, 4, 10])
async def test_the_pages_of_equal_stocks_make_up_the_whole_list(
    catalog: ProductReads, size: int
) -> None:
    expected = sorted(PRODUCTS, key=lambda one: (one.stock, one.id), reverse=True)
    found: list[Product] = []
    after = None

    for start in range(0, 10, size):
        page = await catalog.page(
            ProductFilter(), ProductOrder.STOCK_DESC, PageRequest(first=size, after=after)
        )
        found += page.items
        after = page.cursors[-1]
        assert (page.has_previous, page.has_next) == (start > 0, start + size < 10)

    assert found == expected


async def test_a_cursor_of_another_order_is_refused(catalog: ProductReads) -> None:
    page = await catalog.page(ProductFilter(), ProductOrder.NAME_ASC, PageRequest())

    with pytest.raises(BadInput, match="after is a cursor of a list in another order"):
        await catalog.page(
            ProductFilter(), ProductOrder.STOCK_ASC, PageRequest(after=page.cursors[0])
        )
