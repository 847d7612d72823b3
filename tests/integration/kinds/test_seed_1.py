"""Run the test cases of the request for bulk operations with transactions, by name."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.shop import UNKNOWN_ID, Shop

UPDATE_STOCK = """
mutation UpdateStock($updates: [StockUpdateInput!]!, $options: BatchStockOptions) {
  batchUpdateStock(updates: $updates, options: $options) { productId success newStock }
}
"""
UPDATE_STOCK_WITH_ERRORS = """
mutation UpdateStock($updates: [StockUpdateInput!]!, $options: BatchStockOptions) {
  batchUpdateStock(updates: $updates, options: $options) {
    index success newStock error { code message }
  }
}
"""
DISCONTINUE = """
mutation Discontinue($productIds: [ID!]!) {
  batchDiscontinueProducts(productIds: $productIds) { updated failed }
}
"""
DISCONTINUE_WITH_ERRORS = """
mutation Discontinue($productIds: [ID!]!) {
  batchDiscontinueProducts(productIds: $productIds) {
    outcome updated unchanged failed failures { index productId error { code } }
  }
}
"""


def updates(*pairs: tuple[str, float]) -> list[dict[str, Any]]:
    return [{"productId": product_id, "quantity": quantity} for product_id, quantity in pairs]


def failure(index: int, code: str, message: str) -> dict[str, Any]:
    error = {"code": code, "message": message}
    return {"index": index, "success": False, "newStock": None, "error": error}


def statuses(shop: Shop) -> list[tuple[Any, ...]]:
    """Return the ledger in short, in input order."""
    names = ("quantity", "status", "newStock", "code")
    return [(str(row["productId"]), *map(row.get, names)) for row in shop.rows()]


class TestBasicOperations:
    async def test_successful_bulk_discontinue(self, shop: Shop) -> None:
        ids = await shop.put(10, 0, 7)
        before = list(shop.products.find())

        result = await shop.ask(DISCONTINUE, productIds=ids)

        assert result == {"updated": 3, "failed": 0}
        (now,) = {row["timestamp"] for row in shop.rows()}
        changes = {"stock": 0, "discontinued": True, "updatedAt": now}
        assert list(shop.products.find()) == [product | changes for product in before]

    async def test_successful_stock_updates(self, shop: Shop) -> None:
        ids = await shop.put(10, 10, 10)

        results = await shop.ask(
            UPDATE_STOCK, updates=updates((ids[0], 5), (ids[1], -3), (ids[2], 10))
        )

        assert results == [
            {"productId": ids[0], "success": True, "newStock": 15},
            {"productId": ids[1], "success": True, "newStock": 7},
            {"productId": ids[2], "success": True, "newStock": 20},
        ]
        assert shop.stocks() == dict(zip(ids, [15, 7, 20], strict=True))

    async def test_mixed_success_and_failure_batches(self, shop: Shop) -> None:
        ids = await shop.put(10, 10, 10)

        results = await shop.ask(
            UPDATE_STOCK,
            updates=updates((ids[0], 5), (ids[1], -11), (UNKNOWN_ID, 1), (ids[2], -10)),
        )

        assert results == [
            {"productId": ids[0], "success": True, "newStock": 15},
            {"productId": ids[1], "success": False, "newStock": None},
            {"productId": UNKNOWN_ID, "success": False, "newStock": None},
            {"productId": ids[2], "success": True, "newStock": 0},
        ]
        assert shop.stocks() == dict(zip(ids, [15, 10, 0], strict=True))

    async def test_a_mixed_bulk_discontinue(self, shop: Shop) -> None:
        (known,) = await shop.put(10)
        (gone,) = await shop.put(0, discontinued=True)

        result = await shop.ask(
            DISCONTINUE_WITH_ERRORS, productIds=[UNKNOWN_ID, known, "nonsense", gone]
        )

        assert result == {
            "outcome": "PARTIAL",
            "updated": 1,
            "unchanged": 1,
            "failed": 2,
            "failures": [
                {"index": 0, "productId": UNKNOWN_ID, "error": {"code": "PRODUCT_NOT_FOUND"}},
                {"index": 2, "productId": "nonsense", "error": {"code": "INVALID_PRODUCT_ID"}},
            ],
        }
        assert shop.stocks() == {known: 0, gone: 0}


class TestValidationErrors:
    async def test_invalid_product_ids(self, shop: Shop) -> None:
        (known,) = await shop.put(10)

        results = await shop.ask(
            UPDATE_STOCK_WITH_ERRORS, updates=updates(("nonsense", 1), (UNKNOWN_ID, 1), (known, 1))
        )

        malformed = "“nonsense” is not a product id: an id is 24 hexadecimal characters."
        assert results == [
            failure(0, "INVALID_PRODUCT_ID", malformed),
            failure(1, "PRODUCT_NOT_FOUND", f"There is no product {UNKNOWN_ID}."),
            {"index": 2, "success": True, "newStock": 11, "error": None},
        ]
        assert shop.stocks() == {known: 11}

    async def test_insufficient_stock(self, shop: Shop) -> None:
        (known,) = await shop.put(10)

        results = await shop.ask(UPDATE_STOCK_WITH_ERRORS, updates=updates((known, -11)))

        message = "The stock is 10: 11 cannot be taken from it."
        assert results == [failure(0, "INSUFFICIENT_STOCK", message)]
        assert shop.stocks() == {known: 10}

    async def test_updates_to_discontinued_products(self, shop: Shop) -> None:
        (gone,) = await shop.put(10)
        await shop.ask(DISCONTINUE, productIds=[gone])

        results = await shop.ask(UPDATE_STOCK_WITH_ERRORS, updates=updates((gone, 5)))

        message = f"The product {gone} is discontinued and takes no updates."
        assert results == [failure(0, "PRODUCT_DISCONTINUED", message)]
        assert shop.stocks() == {gone: 0}

    async def test_quantities_that_are_no_whole_numbers(self, shop: Shop) -> None:
        (known,) = await shop.put(10)

        results = await shop.ask(UPDATE_STOCK_WITH_ERRORS, updates=updates((known, 0.5)))

        message = "The quantity 0.5 is not a whole number."
        assert results == [failure(0, "INVALID_QUANTITY", message)]
        assert shop.stocks() == {known: 10}


class TestTransactionLimits:
    @pytest.mark.parametrize("count", [101, 10_000])
    async def test_large_batches(self, shop: Shop, count: int) -> None:
        ids = await shop.put(*[10] * count)
        opening = shop.stocks()

        results = await shop.ask(
            UPDATE_STOCK,
            updates=updates(*((one, place % 20 - 10) for place, one in enumerate(ids))),
        )

        assert results == [
            {"productId": one, "success": True, "newStock": place % 20}
            for place, one in enumerate(ids)
        ]
        assert shop.stock_updates.count_documents({"status": "applied"}) == count
        shop.assert_ledger_explains(opening)

    async def test_a_large_bulk_discontinue(self, shop: Shop) -> None:
        ids = await shop.put(*[3] * 10_000)
        opening = shop.stocks()

        result = await shop.ask(DISCONTINUE, productIds=ids)

        assert result == {"updated": 10_000, "failed": 0}
        assert shop.products.count_documents({"discontinued": True, "stock": 0}) == 10_000
        shop.assert_ledger_explains(opening)

    async def test_multiple_table_updates(self, shop: Shop) -> None:
        """The products and the ledger change together, and nothing else of a product does."""
        long_ago = datetime(2026, 1, 31, tzinfo=UTC)
        ids = await shop.put(10, 10, created_at=long_ago, updated_at=long_ago)
        before = list(shop.products.find())
        shop.commands.names.clear()

        await shop.ask(UPDATE_STOCK, updates=updates((ids[0], 5), (ids[1], -3)))

        assert shop.commands.names == ["find", "update", "insert", "commitTransaction"]
        assert shop.stocks() == {ids[0]: 15, ids[1]: 7}
        assert statuses(shop) == [
            (ids[0], 5, "applied", 15, None),
            (ids[1], -3, "applied", 7, None),
        ]
        (now,) = {row["timestamp"] for row in shop.rows()}
        assert now > long_ago
        assert list(shop.products.find()) == [
            product | {"stock": stock, "updatedAt": now}
            for product, stock in zip(before, [15, 7], strict=True)
        ]

    async def test_neither_table_changes_if_the_second_write_fails(self, shop: Shop) -> None:
        ids = await shop.put(10, 10)

        with shop.failing("insert", mode="alwaysOn", errorCode=8000):
            results = await shop.ask(
                UPDATE_STOCK_WITH_ERRORS, updates=updates((ids[0], 5), (ids[1], -3))
            )

        assert [one["error"]["code"] for one in results] == ["INTERNAL", "INTERNAL"]
        assert shop.stocks() == {ids[0]: 10, ids[1]: 10}
        assert shop.rows() == []

    async def test_partial_batch_completion(self, shop: Shop) -> None:
        """The chunk in the middle cannot be written; those before and behind it are."""
        ids = await shop.put(*[10] * 6)
        shop.spoil(ids[2], ids[3])

        results = await shop.ask(
            UPDATE_STOCK, updates=updates(*((one, 1) for one in ids)), options={"batchSize": 2}
        )

        assert [one["success"] for one in results] == [True, True, False, False, True, True]
        assert list(shop.stocks().values()) == [11, 11, 10, 10, 11, 11]


class TestConcurrency:
    async def test_parallel_stock_updates(self, shop: Shop) -> None:
        ids = await shop.put(*[10] * 20)

        answers = await asyncio.gather(
            *(shop.ask(UPDATE_STOCK, updates=updates((one, 5))) for one in ids)
        )

        assert answers == [[{"productId": one, "success": True, "newStock": 15}] for one in ids]
        assert set(shop.stocks().values()) == {15}

    async def test_race_conditions(self, shop: Shop) -> None:
        """Ten callers want 3 each of a stock of 10: three of them get it."""
        (wanted,) = await shop.put(10)

        answers = await asyncio.gather(
            *(shop.ask(UPDATE_STOCK, updates=updates((wanted, -3))) for _ in range(10))
        )

        stocks = [results[0]["newStock"] for results in answers]
        assert sorted(stock for stock in stocks if stock is not None) == [1, 4, 7]
        assert shop.stocks() == {wanted: 1}

    async def test_consistent_final_state(self, shop: Shop) -> None:
        """Updates and a discontinuation of the same products at once leave nothing half done."""
        ids = await shop.put(*[10] * 5)
        opening = shop.stocks()

        answers = await asyncio.gather(
            *(shop.ask(UPDATE_STOCK, updates=updates(*((one, 1) for one in ids))) for _ in "1234"),
            shop.ask(DISCONTINUE, productIds=ids[:2]),
        )

        assert answers[4] == {"updated": 2, "failed": 0}
        kept = [results[place]["success"] for results in answers[:4] for place in (2, 3, 4)]
        assert kept == [True] * 12
        assert list(shop.stocks().values()) == [0, 0, 14, 14, 14]
        shop.assert_ledger_explains(opening)


class TestErrorRecovery:
    async def test_partial_failures(self, shop: Shop) -> None:
        """An update that fails does not keep later updates of its product from applying."""
        (known,) = await shop.put(10)

        results = await shop.ask(
            UPDATE_STOCK, updates=updates((known, -11), (known, -4), (known, -7), (known, 1))
        )

        assert [one["newStock"] for one in results] == [None, 6, None, 7]
        assert shop.stocks() == {known: 7}

    async def test_cleanup_of_failed_updates(self, shop: Shop) -> None:
        """What an atomic batch had begun is gone with its failure, and the next one succeeds."""
        ids = await shop.put(10, 10)
        atomic = {"atomic": True}

        results = await shop.ask(
            UPDATE_STOCK, updates=updates((ids[0], 5), (ids[1], -11)), options=atomic
        )

        assert [one["success"] for one in results] == [False, False]
        assert shop.stocks() == {ids[0]: 10, ids[1]: 10}
        assert shop.stock_updates.count_documents({"status": {"$ne": "failed"}}) == 0
        assert await shop.open_transactions() == 0

        results = await shop.ask(
            UPDATE_STOCK, updates=updates((ids[0], 5), (ids[1], -10)), options=atomic
        )

        assert [one["newStock"] for one in results] == [15, 0]
        assert shop.stocks() == {ids[0]: 15, ids[1]: 0}

    async def test_accurate_status_tracking(self, shop: Shop) -> None:
        ids = await shop.put(10, 10)

        results = await shop.ask(
            UPDATE_STOCK_WITH_ERRORS,
            updates=updates(
                (ids[0], 5), (ids[1], -11), (UNKNOWN_ID, 1), (ids[1], 0.5), ("nonsense", 1)
            ),
        )

        assert [one["success"] for one in results] == [True, False, False, False, False]
        assert statuses(shop) == [
            (ids[0], 5, "applied", 15, None),
            (ids[1], -11, "failed", None, "INSUFFICIENT_STOCK"),
            (UNKNOWN_ID, 1, "failed", None, "PRODUCT_NOT_FOUND"),
            (ids[1], 0, "failed", None, "INVALID_QUANTITY"),
        ]
        assert [row.get("error") for row in shop.rows()] == [
            None,
            *(one["error"]["message"] for one in results[1:4]),
        ]
        assert {(row["reason"], row["status"] == "pending") for row in shop.rows()} == {
            ("adjustment", False)
        }
