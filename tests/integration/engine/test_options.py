"""Use the options of the stock mutations, and the limits on a request's items."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from bson import ObjectId

from server.batches.engine.limits import Limits
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.shop import UNKNOWN_ID, Shop, open_shop

UPDATE_STOCK = """
mutation ($updates: [StockUpdateInput!]!, $options: BatchStockOptions) {
  batchUpdateStock(updates: $updates, options: $options) { index newStock error { code } }
}
"""
DISCONTINUE = """
mutation ($productIds: [ID!]!, $options: BatchDiscontinueOptions) {
  batchDiscontinueProducts(productIds: $productIds, options: $options) {
    outcome updated unchanged failed failures { index error { code } }
  }
}
"""


def updates(*changes: tuple[Any, ...]) -> list[dict[str, Any]]:
    names = ("productId", "quantity", "expectedStock")
    return [dict(zip(names, change, strict=False)) for change in changes]


async def update(shop: Shop, *changes: tuple[Any, ...], **options: Any) -> list[int | str]:
    """Return the new stock or the code of each change."""
    results = await shop.ask(UPDATE_STOCK, updates=updates(*changes), options=options)
    assert [one["index"] for one in results] == list(range(len(changes)))
    return [one["error"]["code"] if one["error"] else one["newStock"] for one in results]


def failed_rows(shop: Shop) -> list[tuple[str, int, str]]:
    """Return the ledger, which must have nothing but failures."""
    rows = shop.rows()
    assert {row["status"] for row in rows} <= {"failed"}
    return [(str(row["productId"]), row["quantity"], row["code"]) for row in rows]


async def too_large(shop: Shop, query: str, variables: dict[str, Any]) -> str:
    """Return the message of the only error, which must be BATCH_TOO_LARGE."""
    answer = await shop.graphql(query, variables)
    (error,) = answer["errors"]
    assert (answer["data"], error["extensions"]) == (None, {"code": "BATCH_TOO_LARGE"})
    message: str = error["message"]
    return message


class TestAtomic:
    async def test_all_apply_in_one_transaction(self, shop: Shop) -> None:
        ids = await shop.put(*[10] * 30)
        shop.commands.names.clear()

        stocks = await update(shop, *((one, 1) for one in ids), atomic=True, batchSize=10)

        assert stocks == [11] * 30
        assert shop.commands.names == ["find", "update", "insert", "commitTransaction"]
        assert set(shop.stocks().values()) == {11}
        assert shop.stock_updates.count_documents({"status": "applied"}) == 30

    async def test_one_item_at_fault_is_named_and_the_rest_are_rolled_back(
        self, shop: Shop
    ) -> None:
        ids = await shop.put(10, 10, 10)

        codes = await update(shop, (ids[0], 1), (ids[1], -11), (ids[2], 1), atomic=True)

        assert codes == ["ROLLED_BACK", "INSUFFICIENT_STOCK", "ROLLED_BACK"]
        assert set(shop.stocks().values()) == {10}
        assert failed_rows(shop) == [
            (ids[0], 1, "ROLLED_BACK"),
            (ids[1], -11, "INSUFFICIENT_STOCK"),
            (ids[2], 1, "ROLLED_BACK"),
        ]

    async def test_every_item_at_fault_is_named(self, shop: Shop) -> None:
        ids = await shop.put(10, 10)
        (gone,) = await shop.put(0, discontinued=True)

        codes = await update(
            shop,
            (ids[0], 0.5),
            ("nonsense", 1),
            (ids[0], 1),
            (UNKNOWN_ID, 1),
            (gone, 1),
            (ids[1], 1, 9),
            atomic=True,
        )

        assert codes == [
            "INVALID_QUANTITY",
            "INVALID_PRODUCT_ID",
            "ROLLED_BACK",
            "PRODUCT_NOT_FOUND",
            "PRODUCT_DISCONTINUED",
            "STALE_STOCK",
        ]
        assert shop.stocks() == {ids[0]: 10, ids[1]: 10, gone: 0}
        assert [code for *_, code in failed_rows(shop)] == [
            code for code in codes if code != "INVALID_PRODUCT_ID"
        ]

    async def test_a_discontinuation_is_all_or_nothing_too(self, shop: Shop) -> None:
        ids = await shop.put(10, 10)
        (gone,) = await shop.put(0, discontinued=True)

        result = await shop.ask(
            DISCONTINUE, productIds=[ids[0], UNKNOWN_ID, gone, ids[1]], options={"atomic": True}
        )

        assert result == {
            "outcome": "NONE",
            "updated": 0,
            "unchanged": 0,
            "failed": 4,
            "failures": [
                {"index": 0, "error": {"code": "ROLLED_BACK"}},
                {"index": 1, "error": {"code": "PRODUCT_NOT_FOUND"}},
                {"index": 2, "error": {"code": "ROLLED_BACK"}},
                {"index": 3, "error": {"code": "ROLLED_BACK"}},
            ],
        }
        assert shop.stocks() == {ids[0]: 10, ids[1]: 10, gone: 0}
        assert shop.rows() == []


class TestBatchSize:
    async def test_it_is_the_number_of_items_per_transaction(self, shop: Shop) -> None:
        ids = await shop.put(0, 0, 0)

        for place, (size, transactions) in enumerate(
            [(1, 3), (2, 2), (3, 1), (1000, 1), (None, 1)], start=1
        ):
            shop.commands.names.clear()
            stocks = await update(shop, *((one, 1) for one in ids), batchSize=size)
            assert stocks == [place, place, place]
            assert shop.commands.names.count("commitTransaction") == transactions

    async def test_a_size_out_of_range_is_refused(self, shop: Shop) -> None:
        (known,) = await shop.put(10)

        for size in (0, -1, 1001):
            answer = await shop.graphql(
                UPDATE_STOCK, {"updates": updates((known, 1)), "options": {"batchSize": size}}
            )
            (error,) = answer["errors"]
            assert answer["data"] is None
            assert error["message"] == (
                f"options.batchSize is {size}: it must be from 1 to 1000. Leave it out for 500."
            )
            assert error["extensions"] == {"code": "BAD_INPUT"}

        assert shop.stocks() == {known: 10}
        assert shop.rows() == []


class TestDryRun:
    async def test_the_answer_is_what_would_have_been(self, shop: Shop) -> None:
        ids = await shop.put(10, 10)

        for atomic in (False, True):
            stocks = await update(
                shop, (ids[0], 5), (ids[0], -15), (ids[1], 1), dryRun=True, atomic=atomic
            )
            assert stocks == [15, 0, 11]

        assert shop.stocks() == {ids[0]: 10, ids[1]: 10}
        assert shop.rows() == []

    async def test_failures_are_told_and_leave_no_row(self, shop: Shop) -> None:
        ids = await shop.put(10, 10)
        changes = (ids[0], 5), (ids[1], -11), ("nonsense", 1)

        told = await update(shop, *changes, dryRun=True)
        assert told == [15, "INSUFFICIENT_STOCK", "INVALID_PRODUCT_ID"]
        told = await update(shop, *changes, dryRun=True, atomic=True)
        assert told == ["ROLLED_BACK", "INSUFFICIENT_STOCK", "INVALID_PRODUCT_ID"]

        assert shop.stocks() == {ids[0]: 10, ids[1]: 10}
        assert shop.rows() == []

    async def test_a_write_that_the_database_would_refuse_is_told_too(self, shop: Shop) -> None:
        ids = await shop.put(10, 10)
        shop.spoil(ids[1])

        told = await update(shop, (ids[0], 5), (ids[1], 5), dryRun=True)

        assert told == [15, "INTERNAL"]
        assert shop.stocks() == {ids[0]: 10, ids[1]: 10}
        assert shop.rows() == []

    async def test_a_discontinuation_is_rehearsed_without_a_trace(self, shop: Shop) -> None:
        (known,) = await shop.put(10)

        result = await shop.ask(
            DISCONTINUE, productIds=[known, known, UNKNOWN_ID], options={"dryRun": True}
        )

        assert result == {
            "outcome": "PARTIAL",
            "updated": 1,
            "unchanged": 1,
            "failed": 1,
            "failures": [{"index": 2, "error": {"code": "PRODUCT_NOT_FOUND"}}],
        }
        assert shop.stocks() == {known: 10}
        assert shop.products.count_documents({"discontinued": True}) == 0
        assert shop.rows() == []


async def test_an_expected_stock_is_compared_with_the_running_stock(shop: Shop) -> None:
    (known,) = await shop.put(10)

    told = await update(shop, (known, 1, 10), (known, 1, 10), (known, -11, 11), (known, 3, None))

    assert told == [11, "STALE_STOCK", 0, 3]
    assert shop.stocks() == {known: 3}


class TestLimits:
    @pytest.fixture
    async def small(self, mongod: EmbeddedMongod, driver_name: DriverName) -> AsyncIterator[Shop]:
        limits = Limits(items=4, atomic_items=3)
        async with open_shop(mongod.uri, driver_name, limits=limits) as opened:
            yield opened

    async def test_a_batch_may_have_as_many_items_as_the_limit(self, small: Shop) -> None:
        ids = await small.put(*[10] * 4)

        assert await update(small, *((one, 1) for one in ids)) == [11] * 4
        assert await update(small, *((one, 1) for one in ids[:3]), atomic=True) == [12] * 3

    async def test_a_larger_batch_is_refused_and_not_split(self, small: Shop) -> None:
        ids = await small.put(*[10] * 5)
        small.commands.names.clear()
        in_general = "at most 4 are allowed in one request. Send several requests."
        if_atomic = (
            "at most 3 fit into one atomic batch. Set options.atomic to false, or send less."
        )

        for items, atomic, told in (
            (5, False, in_general),
            (5, True, in_general),
            (4, True, if_atomic),
        ):
            named, options = ids[:items], {"atomic": atomic}
            asked = {"updates": updates(*((one, 1) for one in named)), "options": options}
            assert await too_large(small, UPDATE_STOCK, asked) == (
                f"updates has {items} items: {told}"
            )
            asked = {"productIds": named, "options": options}
            assert await too_large(small, DISCONTINUE, asked) == (
                f"productIds has {items} items: {told}"
            )

        assert small.commands.names == []
        assert set(small.stocks().values()) == {10}

    async def test_an_empty_batch_is_answered_with_nothing(self, shop: Shop) -> None:
        shop.commands.names.clear()

        assert await update(shop) == []
        assert await shop.ask(DISCONTINUE, productIds=[], options={"atomic": True}) == {
            "outcome": "ALL",
            "updated": 0,
            "unchanged": 0,
            "failed": 0,
            "failures": [],
        }
        assert shop.commands.names == []


async def test_options_left_out_null_or_empty_are_the_defaults(shop: Shop) -> None:
    (known,) = await shop.put(10)
    nothing_set = {"atomic": None, "batchSize": None, "dryRun": None}

    for place, options in enumerate([None, {}, nothing_set]):
        results = await shop.ask(
            UPDATE_STOCK, updates=updates((known, 1), ("nonsense", 1)), options=options
        )
        assert [one["newStock"] for one in results] == [11 + place, None]


async def test_discontinuing_writes_the_row_that_takes_the_stock_to_zero(shop: Shop) -> None:
    ids = await shop.put(10, 0)
    opening = shop.stocks()

    await shop.ask(DISCONTINUE, productIds=[*ids, ids[0]])

    names = ("productId", "quantity", "status", "reason", "newStock")
    assert [[row[name] for name in names] for row in shop.rows()] == [
        [ObjectId(ids[0]), -10, "applied", "discontinued", 0],
        [ObjectId(ids[1]), 0, "applied", "discontinued", 0],
    ]
    shop.assert_ledger_explains(opening)
