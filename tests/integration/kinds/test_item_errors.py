"""Reach every code that an item can fail with, as clients see it; a failure changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from bson import ObjectId

from server.domain.item_error import ItemErrorCode
from server.domain.product import StockLevel
from server.domain.whole_number import MAX_INT
from server.kinds.update_stock import effects as stock_batch
from server.kinds.update_stock.rules import StockItem, StockOutcome, decide_stock_updates
from tests.support.products.item_errors import (
    CREATE,
    CUP,
    DELETE,
    UPDATE,
    UPDATE_STOCK,
    fails,
    failure,
    item_error,
    masked,
)
from tests.support.shop import UNKNOWN_ID, Shop


async def test_a_malformed_id_is_an_invalid_product_id(shop: Shop) -> None:
    before = await shop.put(10)
    message = "“nonsense” is not a product id: an id is 24 hexadecimal characters."

    (result,) = await shop.ask(UPDATE_STOCK, updates=[{"productId": "nonsense", "quantity": 1}])

    assert result["error"] == item_error("INVALID_PRODUCT_ID", message, "updates", "0", "productId")
    assert shop.stocks() == {before[0]: 10}
    assert shop.rows() == []  # a row needs a product to be about


async def test_an_unknown_id_is_product_not_found(shop: Shop) -> None:
    await shop.put(10)
    message = f"There is no product {UNKNOWN_ID}."
    error = item_error("PRODUCT_NOT_FOUND", message, "updates", "0", "productId")

    await fails(shop, {"productId": UNKNOWN_ID, "quantity": 1}, error)


async def test_a_discontinued_product_is_product_discontinued(shop: Shop) -> None:
    (gone,) = await shop.put(0, discontinued=True)
    message = f"The product {gone} is discontinued and takes no updates."
    error = item_error("PRODUCT_DISCONTINUED", message, "updates", "0", "productId")

    await fails(shop, {"productId": gone, "quantity": 0}, error)


async def test_half_a_piece_is_an_invalid_quantity(shop: Shop) -> None:
    (known,) = await shop.put(10)
    message = "The quantity 0.5 is not a whole number."
    error = item_error("INVALID_QUANTITY", message, "updates", "0", "quantity")

    await fails(shop, {"productId": known, "quantity": 0.5}, error)


async def test_more_than_there_is_is_insufficient_stock(shop: Shop) -> None:
    (known,) = await shop.put(10)
    message = "The stock is 10: 11 cannot be taken from it."
    error = item_error("INSUFFICIENT_STOCK", message, "updates", "0", "quantity", current_stock=10)

    await fails(shop, {"productId": known, "quantity": -11}, error)


async def test_more_than_fits_is_stock_limit_exceeded(shop: Shop) -> None:
    (full,) = await shop.put(MAX_INT)
    message = "The stock is 2147483647: 1 more would exceed 2147483647."
    error = item_error(
        "STOCK_LIMIT_EXCEEDED", message, "updates", "0", "quantity", current_stock=MAX_INT
    )

    await fails(shop, {"productId": full, "quantity": 1}, error)


async def test_an_unexpected_stock_is_stale_stock(shop: Shop) -> None:
    (known,) = await shop.put(10)
    message = "The stock is 10, not the expected 9."
    error = item_error("STALE_STOCK", message, "updates", "0", "expectedStock", current_stock=10)

    await fails(shop, {"productId": known, "quantity": 1, "expectedStock": 9}, error)


async def test_an_innocent_of_an_atomic_batch_is_rolled_back(shop: Shop) -> None:
    ids = await shop.put(10, 10)

    results = await shop.ask(
        UPDATE_STOCK,
        updates=[{"productId": ids[0], "quantity": 1}, {"productId": ids[1], "quantity": -11}],
        options={"atomic": True},
    )

    message = "Nothing is wrong with this item: it was undone with its atomic batch."
    assert results[0]["error"] == item_error("ROLLED_BACK", message, "updates", "0", retryable=True)
    assert results[1]["error"]["code"] == "INSUFFICIENT_STOCK"
    assert shop.stocks() == {ids[0]: 10, ids[1]: 10}


async def test_a_product_that_others_hold_is_a_write_conflict(hasty: Shop) -> None:
    """All items of its chunk fail, which is one transaction, and no items of other chunks."""
    held, beside, free = await hasty.put(10, 10, 10)
    with hasty.admin.start_session() as session, session.start_transaction():
        hasty.products.update_one({"_id": ObjectId(held)}, {"$inc": {"price": 1}}, session=session)

        results = await hasty.ask(
            UPDATE_STOCK,
            updates=[{"productId": one, "quantity": 1} for one in (held, beside, free)],
            options={"batchSize": 2},
        )

    message = (
        "Other writers kept changing this chunk's products until the time was up. "
        "Nothing was changed; send the item again."
    )
    assert [one["error"] for one in results[:2]] == [
        item_error("WRITE_CONFLICT", message, "updates", place, retryable=True) for place in "01"
    ]
    assert results[2]["newStock"] == 11
    assert hasty.stocks() == {held: 10, beside: 10, free: 11}
    assert [(str(row["productId"]), row["code"]) for row in hasty.rows(status="failed")] == [
        (held, "WRITE_CONFLICT"),
        (beside, "WRITE_CONFLICT"),
    ]


async def test_a_database_that_does_not_answer_is_unavailable(hasty: Shop) -> None:
    (known,) = await hasty.put(10)

    with hasty.failing("find", mode="alwaysOn", closeConnection=True):
        (result,) = await hasty.ask(UPDATE_STOCK, updates=[{"productId": known, "quantity": 1}])

    message = (
        "The database could not be reached in time. Nothing was changed; send the item again later."
    )
    assert result["error"] == item_error("UNAVAILABLE", message, "updates", "0", retryable=True)
    assert hasty.stocks() == {known: 10}
    assert hasty.rows() == []


async def test_a_fault_of_ours_is_internal(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ids = await shop.put(10, 10, 10)

    def decide(items: Sequence[StockItem], levels: Mapping[str, StockLevel]) -> list[StockOutcome]:
        if any(item.key == ids[1] for item in items):
            raise ZeroDivisionError("secret")
        return decide_stock_updates(items, levels)

    monkeypatch.setattr(stock_batch, "decide_stock_updates", decide)
    results = await shop.ask(
        UPDATE_STOCK, updates=[{"productId": one, "quantity": 1} for one in ids]
    )

    assert [one["newStock"] for one in results] == [11, None, 11]
    masked(results[1], caplog)
    assert "secret" not in str(results)
    assert shop.stocks() == dict(zip(ids, [11, 10, 11], strict=True))
    assert [row["code"] for row in shop.rows(status="failed")] == ["INTERNAL"]


async def test_a_bad_field_is_an_invalid_field(shop: Shop) -> None:
    (known,) = await shop.put(10)
    before = list(shop.products.find())

    created = await shop.ask(CREATE, products=[CUP | {"stock": -1}])
    updated = await shop.ask(UPDATE, updates=[{"productId": known, "data": {"price": 0.5}}])

    message = "The stock -1 is out of range: it may be from 0 to 2147483647."
    error = item_error("INVALID_FIELD", message, "products", "0", "stock")
    assert created == {"failed": [failure(0, None, error)]}
    message = "The price 0.5 is not a whole number. It is in whole cents: did you mean 50?"
    error = item_error("INVALID_FIELD", message, "updates", "0", "data", "price")
    assert updated == {"notFound": [], "failed": [failure(0, known, error)]}
    assert list(shop.products.find()) == before


async def test_an_id_that_is_in_use_is_a_duplicate_key(shop: Shop) -> None:
    (known,) = await shop.put(10)
    before = list(shop.products.find())

    result = await shop.ask(CREATE, products=[CUP | {"id": known}])

    message = f"There is a product {known} already: send another id, or none for a new one."
    error = item_error("DUPLICATE_KEY", message, "products", "0", "id")
    assert result == {"failed": [failure(0, known, error)]}
    assert list(shop.products.find()) == before


async def test_a_product_that_was_counted_has_stock_updates(shop: Shop) -> None:
    (known,) = await shop.put(10)
    await shop.update([(known, 1)])

    result = await shop.ask(DELETE, deletes=[{"productId": known}])

    message = f"The product {known} has 1 stock update: set cascadeDelete to delete them with it."
    error = item_error("HAS_STOCK_UPDATES", message, "deletes", "0", "productId")
    assert result == {"notFound": [], "failed": [failure(0, known, error)]}
    assert shop.stocks() == {known: 11}
    assert len(shop.rows()) == 1


async def test_what_stands_behind_a_failure_is_not_attempted(shop: Shop) -> None:
    """Other faults of these items are not reported."""
    (known,) = await shop.put(10)
    ends = {"atomic": False, "continueOnError": False}

    created = await shop.ask(CREATE, products=[CUP | {"id": known}, CUP], options=ends)
    updated = await shop.ask(
        UPDATE,
        updates=[{"productId": one, "data": {"price": 1}} for one in (UNKNOWN_ID, known)],
        options=ends,
    )
    deleted = await shop.ask(
        DELETE,
        deletes=[{"productId": one} for one in (UNKNOWN_ID, "nonsense", known)],
        options=ends,
    )

    def behind(argument: str, index: int, product_id: str | None) -> dict[str, Any]:
        error = item_error(code, message, argument, str(index), retryable=True)
        return failure(index, product_id, error)

    code = "NOT_ATTEMPTED"
    message = "This item was not tried: the batch ended at another one that failed."
    not_found = [{"index": 0, "productId": UNKNOWN_ID}]
    assert created["failed"][0]["error"]["code"] == "DUPLICATE_KEY"
    assert created["failed"][1:] == [behind("products", 1, None)]
    assert updated == {"notFound": not_found, "failed": [behind("updates", 1, known)]}
    assert deleted == {
        "notFound": not_found,
        "failed": [behind("deletes", 1, "nonsense"), behind("deletes", 2, known)],
    }
    assert [(one["price"], one["stock"]) for one in shop.products.find()] == [(100, 10)]


SUBMIT = """
mutation ($productIds: [ID!]!) {
  submitBatch(operation: {discontinueProducts: {productIds: $productIds}}) { id }
}
"""
CANCEL = """
mutation ($id: ID!) {
  cancelBatch(id: $id) {
    status outcome failureCount
    results { edges { node { success error { code message path retryable currentStock } } } }
  }
}
"""


async def test_an_item_of_a_batch_that_is_cancelled_before_it_was_begun_is_cancelled(
    shop: Shop,
) -> None:
    ids = await shop.put(10)
    batch = await shop.ask(SUBMIT, productIds=ids)

    cancelled = await shop.ask(CANCEL, id=batch["id"])

    message = "The batch was cancelled before this item was begun. Nothing was changed."
    error = item_error("CANCELLED", message, "productIds", "0", retryable=True)
    result = {"node": {"success": False, "error": error}}
    assert cancelled == {
        "status": "CANCELLED",
        "outcome": "NONE",
        "failureCount": 1,
        "results": {"edges": [result]},
    }
    assert shop.stocks() == {ids[0]: 10}
    assert shop.rows() == []


REACHED_BY: dict[ItemErrorCode, Callable[..., Any]] = {
    ItemErrorCode.INVALID_PRODUCT_ID: test_a_malformed_id_is_an_invalid_product_id,
    ItemErrorCode.PRODUCT_NOT_FOUND: test_an_unknown_id_is_product_not_found,
    ItemErrorCode.PRODUCT_DISCONTINUED: test_a_discontinued_product_is_product_discontinued,
    ItemErrorCode.INVALID_QUANTITY: test_half_a_piece_is_an_invalid_quantity,
    ItemErrorCode.INSUFFICIENT_STOCK: test_more_than_there_is_is_insufficient_stock,
    ItemErrorCode.STOCK_LIMIT_EXCEEDED: test_more_than_fits_is_stock_limit_exceeded,
    ItemErrorCode.STALE_STOCK: test_an_unexpected_stock_is_stale_stock,
    ItemErrorCode.INVALID_FIELD: test_a_bad_field_is_an_invalid_field,
    ItemErrorCode.DUPLICATE_KEY: test_an_id_that_is_in_use_is_a_duplicate_key,
    ItemErrorCode.HAS_STOCK_UPDATES: test_a_product_that_was_counted_has_stock_updates,
    ItemErrorCode.NOT_ATTEMPTED: test_what_stands_behind_a_failure_is_not_attempted,
    ItemErrorCode.ROLLED_BACK: test_an_innocent_of_an_atomic_batch_is_rolled_back,
    ItemErrorCode.CANCELLED: (
        test_an_item_of_a_batch_that_is_cancelled_before_it_was_begun_is_cancelled
    ),
    ItemErrorCode.WRITE_CONFLICT: test_a_product_that_others_hold_is_a_write_conflict,
    ItemErrorCode.UNAVAILABLE: test_a_database_that_does_not_answer_is_unavailable,
    ItemErrorCode.INTERNAL: test_a_fault_of_ours_is_internal,
}


def test_every_code_is_reached_by_a_test_of_this_file() -> None:
    """Each code has a test of its own, which names it."""
    assert set(REACHED_BY) == set(ItemErrorCode)
    assert len(set(REACHED_BY.values())) == len(REACHED_BY)
    for code, test in REACHED_BY.items():
        words = {*test.__code__.co_consts, *test.__code__.co_names}
        assert words & {code.value, "masked"}, code
