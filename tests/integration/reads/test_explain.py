"""Which plan a list is read by.

Along an index, without a sort in memory. Two lists are sorted in memory all the same: that of a few
ids, and that in the order of the stock, which no index has: each stock update would change it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from bson import ObjectId
from bson.codec_options import CodecOptions, DatetimeConversion

from server.domain.listing import PageRequest, ProductFilter, ProductOrder, StockUpdateFilter
from server.domain.stock_update import StockUpdateStatus
from server.mongo.batches.ledger_reads import stock_update_listing
from server.mongo.collections import CHUNKS_TO_CLAIM
from server.mongo.paging.cursor import Cursor
from server.mongo.paging.listing import Listing
from server.mongo.products.product_reads import product_listing
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
    "name_contains": "B(",
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
        "hint": listing.hint,
        "limit": 51,
    }


def count(collection: str, listing: Listing) -> dict[str, Any]:
    """Return the command that `count` sends."""
    return {
        "aggregate": collection,
        "pipeline": [{"$match": listing.query}, {"$group": {"_id": 1, "n": {"$sum": 1}}}],
        "hint": listing.hint,
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
            if listing.key == "stock":
                continue
            for page, query in queries(listing):
                stages, indexes = plan(shop, find("products", listing, query))
                if {"COLLSCAN", "SORT"} & stages - allowed or indexes != {listing.index}:
                    wrong.append((where, order, page, stages, indexes))

    assert wrong == []


async def test_in_the_order_of_the_stock_what_the_filter_leaves_is_sorted_in_memory(
    shop: Shop,
) -> None:
    """Along the index of the filter, or past all products where the filter has none."""
    await shop.put(*range(20))
    wrong = []
    for where in selections(PRODUCT_FILTERS):
        index = stock_order_index(where)
        for order in (ProductOrder.STOCK_ASC, ProductOrder.STOCK_DESC):
            listing = product_listing(ProductFilter(**where), order, NOON)
            for page, query in queries(listing):
                stages, indexes = plan(shop, find("products", listing, query))
                scan = {"COLLSCAN"} if index is None else set()
                found = (stages & {"COLLSCAN", "SORT"}, indexes, listing.index)
                if found != (scan | {"SORT"}, {index} - {None}, index):
                    wrong.append((where, order, page, stages, indexes))

    assert wrong == []


def stock_order_index(where: dict[str, Any]) -> str | None:
    """The index that leaves the fewest; that of `discontinued`: False would leave most."""
    for name, index in (
        ("ids", "_id_"),
        ("name_prefix", "name_1__id_1"),
        ("name_contains", "name_1__id_1"),
        ("category", "category_1_createdAt_1__id_1"),
    ):
        if name in where:
            return index
    return None


async def test_a_sort_in_memory_holds_one_page_and_reads_what_the_filter_leaves(shop: Shop) -> None:
    await shop.put(*range(200), category="tea")
    await shop.put(*range(300), category="coffee")
    await shop.put(*range(5), category="tea", discontinued=True)
    read = {
        name: examined(shop, product_listing(ProductFilter(**where), ProductOrder.STOCK_ASC, NOON))
        for name, where in {
            "all": {},
            "a stock": {"stock_at_most": 3},
            "a category": {"category": "tea"},
            "the discontinued": {"discontinued": True},
            "those that are not": {"discontinued": False},
        }.items()
    }

    assert read == {
        "all": (505, 51),
        "a stock": (505, 12),
        "a category": (205, 51),
        "the discontinued": (5, 5),
        "those that are not": (505, 51),
    }


def examined(shop: Shop, listing: Listing) -> tuple[int, int]:
    """How many documents a first page reads, and how many it sorts as a limited sort."""
    command = find("products", listing, listing.query)
    statistics = explain(shop, command, "executionStats")["executionStats"]
    sort = statistics["executionStages"]
    while sort["stage"] != "SORT":
        sort = sort["inputStage"]
    assert (sort["limitAmount"], sort["usedDisk"]) == (51, False)
    return statistics["totalDocsExamined"], statistics["nReturned"]


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
    """Past all products where the filter is a stock and nothing that has an index."""
    await shop.put(*range(20))
    wrong = []
    for where in selections(PRODUCT_FILTERS):
        listing = product_listing(ProductFilter(**where), None, NOON)
        stages, indexes = plan(shop, count("products", listing))
        scan = {"COLLSCAN"} if listing.index is None else set()
        if {"COLLSCAN", "SORT"} & stages != scan or indexes != {listing.index} - {None}:
            wrong.append((where, stages, indexes))
        assert listing.index is not None or where.keys() & {"stock_at_least", "stock_at_most"}
    for where in selections(STOCK_UPDATE_FILTERS):
        listing = stock_update_listing(StockUpdateFilter(**where))
        stages, indexes = plan(shop, count("stockUpdates", listing))
        if {"COLLSCAN", "SORT"} & stages or indexes != {listing.index}:
            wrong.append((where, stages, indexes))

    assert wrong == []


async def test_each_filter_alone_has_an_index_of_its_own_but_that_of_the_stock() -> None:
    """In the order that is given when none is asked for, so that a page touches what it shows."""
    assert {
        name: product_listing(ProductFilter(**{name: value}), None, NOON).index
        for name, value in PRODUCT_FILTERS.items()
    } == {
        "category": "category_1_createdAt_1__id_1",
        "discontinued": "discontinued_1_createdAt_1__id_1",
        "stock_at_least": None,
        "stock_at_most": None,
        "name_prefix": "name_1__id_1",
        "name_contains": "name_1__id_1",
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
    names = [f"{number:03}" for number in range(200)]
    ids = [(await shop.put(1, name=name))[0] for name in names]
    for order in (ProductOrder.NAME_ASC, ProductOrder.NAME_DESC):
        listing = product_listing(ProductFilter(), order, NOON)
        cursor = Cursor(order=listing.order, value=names[99], id=ObjectId(ids[99]))
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

    await shop.services.products.page(where, order, PageRequest())
    await shop.services.products.count(where, order)
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
        for command, wanted in zip(
            [one for one in sent if "batchChunks" not in one.values()], explained, strict=True
        )
    ] == explained


@pytest.mark.parametrize("where", [{}, {"batch_id": "b" * 24}], ids=["newest", "of a batch"])
async def test_chunks_with_waiting_rows_are_read_along_an_index(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, where: dict[str, Any]
) -> None:
    """The sum of their rows needs no chunk, only the index."""
    for status in (None, StockUpdateStatus.PENDING):
        for product in (None, UNKNOWN_ID):
            for since in (None, NOON):
                asked = StockUpdateFilter(status=status, product_id=product, since=since, **where)
                cursor = Cursor(
                    order="INPUT" if where else "NEWEST",
                    value=3 if where else NOON,
                    id=ObjectId(),
                ).encode()
                sent: list[dict[str, Any]] = []
                monkeypatch.setattr(
                    shop.commands, "started", lambda event, sent=sent: sent.append(event.command)
                )
                for after in (None, cursor):
                    await shop.services.ledger.page(asked, PageRequest(after=after))
                await shop.services.ledger.count(asked)
                of_chunks = [one for one in sent if "batchChunks" in one.values()]
                assert len(of_chunks) >= 3
                for command in of_chunks:
                    command = {  # noqa: PLW2901 - without what a session adds
                        name: value
                        for name, value in command.items()
                        if name not in ("lsid", "$db", "$clusterTime", "readConcern")
                    }
                    stages, indexes = plan(shop, command)
                    assert not {"COLLSCAN", "SORT"} & stages, command
                    at_work = command.get("hint") == CHUNKS_TO_CLAIM  # how far the batch is
                    waiting = "waitingItems" if where else "waitingRows"
                    assert indexes == {CHUNKS_TO_CLAIM if at_work else waiting}
                    assert "aggregate" not in command or "FETCH" not in stages
