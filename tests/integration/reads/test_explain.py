"""Explain every list: each is read along an index, without a collection scan or a sort."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from bson import ObjectId
from bson.codec_options import CodecOptions, DatetimeConversion

from server.domain.filters import ProductFilter, ProductOrder, StockUpdateFilter
from server.domain.page import PageRequest
from server.domain.stock_update import StockUpdateStatus
from server.mongo.catalog import product_listing
from server.mongo.cursor import Cursor
from server.mongo.ledger import stock_update_listing
from server.mongo.listing import Listing
from tests.support.shop import UNKNOWN_ID, Shop

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
# The bounds of an index reach to times that Python has no date for.
ANY_TIME: CodecOptions[dict[str, Any]] = CodecOptions(
    datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
SOME_VALUE: dict[type, Any] = {datetime: NOON, str: "m", int: 5}  # for a cursor to stand at
PRODUCT_FILTERS: dict[str, Any] = {
    "category": "tea",
    "discontinued": False,
    "stock_at_least": 1,
    "stock_at_most": 9,
    "name_prefix": "a",
    "ids": [UNKNOWN_ID, "a" * 24],
}
STOCK_UPDATE_FILTERS: dict[str, Any] = {
    "product_id": UNKNOWN_ID,
    "status": StockUpdateStatus.FAILED,
    "batch_id": "b" * 24,
    "since": NOON - timedelta(hours=1),
    "until": NOON + timedelta(hours=1),
}


def selections(filters: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield no filter, each filter alone, and all combinations."""
    for count in range(len(filters) + 1):
        for names in combinations(filters, count):
            yield {name: filters[name] for name in names}


def queries(listing: Listing) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the query of the first page, and that of a later one."""
    yield "first page", listing.query
    value = SOME_VALUE[listing.value_type]
    yield "later page", listing.after(Cursor(order=listing.order, value=value, id=ObjectId()))


def find(collection: str, listing: Listing, query: dict[str, Any]) -> dict[str, Any]:
    """Return the command that `read_page` sends."""
    return {
        "find": collection,
        "filter": query,
        "sort": dict(listing.sort),
        "hint": listing.index,
        "limit": 51,
    }


def count(collection: str, listing: Listing) -> dict[str, Any]:
    """Return the command that `count` sends."""
    return {
        "aggregate": collection,
        "pipeline": [{"$match": listing.query}, {"$group": {"_id": 1, "n": {"$sum": 1}}}],
        "hint": listing.index,
        "cursor": {},
    }


def explain(shop: Shop, command: dict[str, Any], verbosity: str) -> dict[str, Any]:
    return shop.admin[shop.database].command(
        "explain", command, verbosity=verbosity, codec_options=ANY_TIME
    )


def plan(shop: Shop, command: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Return the stages of the winning plan, and the indexes that it uses."""
    explained = explain(shop, command, "queryPlanner")
    stages, indexes = set(), set()
    pending = [explained]
    while pending:
        one = pending.pop()
        if isinstance(one, list):
            pending += one
        elif isinstance(one, dict):
            pending += [value for name, value in one.items() if name != "rejectedPlans"]
            if "stage" in one:
                stages.add(one["stage"])
            if "indexName" in one:
                indexes.add(one["indexName"])
    return stages, indexes


async def test_products_are_read_along_an_index_whatever_the_filter_and_the_order(
    shop: Shop,
) -> None:
    """Only the products of an `ids` filter are sorted in memory: there are 1 000 at most, and
    walking an order's index past every other product would cost far more.
    """
    await shop.put(*range(20))
    wrong = []
    for where in selections(PRODUCT_FILTERS):
        allowed = {"SORT"} if "ids" in where else set()
        for order in (None, *ProductOrder):
            listing = product_listing(ProductFilter(**where), order, NOON)
            for page, query in queries(listing):
                stages, indexes = plan(shop, find("products", listing, query))
                if {"COLLSCAN", "SORT"} & stages - allowed or indexes != {listing.index}:
                    wrong.append((where, order, page, stages, indexes))

    assert wrong == []


async def test_stock_updates_are_read_along_an_index_whatever_the_filter(shop: Shop) -> None:
    """The cursor stands between `since` and `until`. Where it stands at the very instant of
    `since`, MongoDB sorts the rows of that one instant, which are few.
    """
    (known,) = await shop.put(10)
    await shop.update([(known, 1)] * 20)
    wrong = []
    for where in selections(STOCK_UPDATE_FILTERS):
        listing = stock_update_listing(StockUpdateFilter(**where))
        for page, query in queries(listing):
            stages, indexes = plan(shop, find("stockUpdates", listing, query))
            if {"COLLSCAN", "SORT"} & stages or indexes != {listing.index}:
                wrong.append((where, page, stages, indexes))

    assert wrong == []


async def test_a_list_is_counted_along_an_index_too(shop: Shop) -> None:
    await shop.put(*range(20))
    wrong = []
    for where in selections(PRODUCT_FILTERS):
        listing = product_listing(ProductFilter(**where), None, NOON)
        stages, indexes = plan(shop, count("products", listing))
        if {"COLLSCAN", "SORT"} & stages or indexes != {listing.index}:
            wrong.append((where, stages, indexes))
    for where in selections(STOCK_UPDATE_FILTERS):
        listing = stock_update_listing(StockUpdateFilter(**where))
        stages, indexes = plan(shop, count("stockUpdates", listing))
        if {"COLLSCAN", "SORT"} & stages or indexes != {listing.index}:
            wrong.append((where, stages, indexes))

    assert wrong == []


async def test_each_filter_alone_has_an_index_of_its_own() -> None:
    """In the default order, a page touches only what it shows."""
    assert {
        name: product_listing(ProductFilter(**{name: value}), None, NOON).index
        for name, value in PRODUCT_FILTERS.items()
    } == {
        "category": "category_1_createdAt_1__id_1",
        "discontinued": "discontinued_1_createdAt_1__id_1",
        "stock_at_least": "stock_1__id_1",
        "stock_at_most": "stock_1__id_1",
        "name_prefix": "name_1__id_1",
        "ids": "_id_",
    }
    assert {
        name: stock_update_listing(StockUpdateFilter(**{name: value})).index
        for name, value in STOCK_UPDATE_FILTERS.items()
    } == {
        "product_id": "productId_1_timestamp_1__id_1",
        "status": "status_1_timestamp_1__id_1",
        "batch_id": "batchId_1_index_1__id_1",
        "since": "status_1_timestamp_1__id_1",
        "until": "status_1_timestamp_1__id_1",
    }


async def test_a_page_in_the_middle_of_a_list_reads_only_what_it_shows(shop: Shop) -> None:
    ids = await shop.put(*range(200))
    for order, value in ((ProductOrder.STOCK_ASC, 99), (ProductOrder.STOCK_DESC, 99)):
        listing = product_listing(ProductFilter(), order, NOON)
        cursor = Cursor(order=listing.order, value=value, id=ObjectId(ids[value]))
        command = find("products", listing, listing.after(cursor)) | {"limit": 6}

        statistics = explain(shop, command, "executionStats")["executionStats"]
        assert statistics["nReturned"] == 6
        assert statistics["totalDocsExamined"] <= 7
        assert statistics["totalKeysExamined"] <= 8


async def test_the_commands_that_are_explained_are_those_that_are_sent(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, update_filter = ProductFilter(category="tea"), StockUpdateFilter(since=NOON)
    order = ProductOrder.STOCK_DESC
    shop.clock.stand_at(NOON)
    products, updates = product_listing(where, order, NOON), stock_update_listing(update_filter)
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(shop.commands, "started", lambda event: sent.append(event.command))

    await shop.services.catalog.page(where, order, PageRequest())
    await shop.services.catalog.count(where, order)
    await shop.services.ledger.page(update_filter, PageRequest())
    await shop.services.ledger.count(update_filter)

    explained = [
        find("products", products, products.query),
        count("products", products),
        find("stockUpdates", updates, updates.query),
        count("stockUpdates", updates),
    ]
    assert [
        {name: value for name, value in command.items() if name in wanted}
        for command, wanted in zip(sent, explained, strict=True)
    ] == explained
