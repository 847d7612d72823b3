"""Send each mutation with the failures of its items, and build the errors that are expected."""

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.shop import Shop

UPDATE_STOCK = """
mutation ($updates: [StockUpdateInput!]!, $options: BatchStockOptions) {
  batchUpdateStock(updates: $updates, options: $options) {
    __typename index productId success newStock
    error { code message path retryable currentStock }
  }
}
"""
CREATE = """
mutation ($products: [CreateProductInput!]!, $options: BatchCreateOptions) {
  batchCreateProducts(products: $products, options: $options) {
    failed { index productId error { ...Why } errors { ...Why } }
  }
}
fragment Why on ItemError { code message path retryable currentStock }
"""
UPDATE = """
mutation ($updates: [UpdateProductInput!]!, $options: BatchUpdateOptions) {
  batchUpdateProducts(updates: $updates, options: $options) {
    notFound { index productId } failed { index productId error { ...Why } errors { ...Why } }
  }
}
fragment Why on ItemError { code message path retryable currentStock }
"""
DELETE = """
mutation ($deletes: [DeleteProductInput!]!, $options: BatchDeleteOptions) {
  batchDeleteProducts(deletes: $deletes, options: $options) {
    notFound { index productId } failed { index productId error { ...Why } errors { ...Why } }
  }
}
fragment Why on ItemError { code message path retryable currentStock }
"""
CUP: dict[str, Any] = {"name": "Cup", "price": 199, "stock": 10, "category": "tableware"}


def item_error(
    code: str,
    message: str,
    *path: str,
    retryable: bool = False,
    current_stock: int | None = None,
) -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
        "path": list(path),
        "retryable": retryable,
        "currentStock": current_stock,
    }


def failure(index: int, product_id: str | None, error: dict[str, Any]) -> dict[str, Any]:
    return {"index": index, "productId": product_id, "error": error, "errors": [error]}


async def fails(shop: Shop, update: Mapping[str, Any], error: dict[str, Any]) -> None:
    """Check that the update alone fails with `error`, changes no stock, and leaves a failed row."""
    before = shop.stocks()

    (result,) = await shop.ask(UPDATE_STOCK, updates=[update])

    assert result == {
        "__typename": "StockUpdateFailed",
        "index": 0,
        "productId": update["productId"],
        "success": False,
        "newStock": None,
        "error": error,
    }
    assert shop.stocks() == before
    assert [(row["status"], row["code"], row["error"]) for row in shop.rows()] == [
        ("failed", error["code"], error["message"])
    ]


def masked(result: Mapping[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """Check that the result's error is INTERNAL, with the id of the only error in the log."""
    (record,) = [one for one in caplog.records if hasattr(one, "error_id")]
    assert record.levelno == logging.ERROR
    message = (
        f"This item could not be processed; it changed nothing. (Error {vars(record)['error_id']})"
    )
    assert result["error"] == item_error("INTERNAL", message, "updates", str(result["index"]))
