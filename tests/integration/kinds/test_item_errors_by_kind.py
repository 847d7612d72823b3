"""Compare the failures of the other kinds of batch with those of a stock update."""

import pytest
from bson import ObjectId

from tests.support.products.item_errors import (
    CREATE,
    CUP,
    DELETE,
    UPDATE,
    UPDATE_STOCK,
    failure,
    item_error,
    masked,
)
from tests.support.shop import UNKNOWN_ID, Shop

DISCONTINUE = """
mutation ($productIds: [ID!]!) {
  batchDiscontinueProducts(productIds: $productIds) {
    outcome updated unchanged failed
    failures {
      index productId
      error { code message path retryable currentStock }
      errors { code message path retryable currentStock }
    }
  }
}
"""


async def test_a_write_that_the_validator_refuses_is_internal(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    ids = await shop.put(10, 10, 10)
    shop.spoil(ids[1])

    results = await shop.ask(
        UPDATE_STOCK, updates=[{"productId": one, "quantity": 1} for one in ids]
    )

    assert [one["newStock"] for one in results] == [11, None, 11]
    masked(results[1], caplog)
    assert "validation" not in str(results)
    assert shop.stocks() == dict(zip(ids, [11, 10, 11], strict=True))
    assert [row["code"] for row in shop.rows(status="failed")] == ["INTERNAL"]


async def test_the_failures_of_a_discontinuation_say_the_same(shop: Shop) -> None:
    (known,) = await shop.put(10)

    result = await shop.ask(DISCONTINUE, productIds=[UNKNOWN_ID, "nonsense"])

    unknown = item_error(
        "PRODUCT_NOT_FOUND", f"There is no product {UNKNOWN_ID}.", "productIds", "0"
    )
    malformed = item_error(
        "INVALID_PRODUCT_ID",
        "“nonsense” is not a product id: an id is 24 hexadecimal characters.",
        "productIds",
        "1",
    )
    assert result == {
        "outcome": "NONE",
        "updated": 0,
        "unchanged": 0,
        "failed": 2,
        "failures": [
            {"index": 0, "productId": UNKNOWN_ID, "error": unknown, "errors": [unknown]},
            {"index": 1, "productId": "nonsense", "error": malformed, "errors": [malformed]},
        ],
    }
    assert shop.stocks() == {known: 10}
    assert shop.rows() == []


async def test_a_product_that_does_not_exist_is_listed_as_not_found(shop: Shop) -> None:
    """This code alone is shown by the list that the item is in."""
    (known,) = await shop.put(10)
    sent = UNKNOWN_ID.upper()

    updated = await shop.ask(UPDATE, updates=[{"productId": sent, "data": {"price": 1}}])
    deleted = await shop.ask(DELETE, deletes=[{"productId": sent}])

    expected = {"notFound": [{"index": 0, "productId": sent}], "failed": []}
    assert (updated, deleted) == (expected, expected)
    assert shop.stocks() == {known: 10}


async def test_an_innocent_without_an_id_is_rolled_back_by_its_place(shop: Shop) -> None:
    result = await shop.ask(CREATE, products=[CUP, CUP | {"name": ""}])

    message = "Nothing is wrong with this item: it was undone with its atomic batch."
    error = item_error("ROLLED_BACK", message, "products", "0", retryable=True)
    assert result["failed"][0] == failure(0, None, error)
    assert shop.stocks() == {}


async def test_a_create_while_the_database_does_not_answer_is_unavailable(hasty: Shop) -> None:
    """An item with an invalid field fails with that error instead."""
    with hasty.failing("insert", mode="alwaysOn", closeConnection=True):
        result = await hasty.ask(
            CREATE,
            products=[CUP, CUP | {"name": " "}],
            options={"atomic": False, "continueOnError": True},
        )

    message = (
        "The database could not be reached in time. Nothing was changed; send the item again later."
    )
    blank = "The name is blank: it must have 1 to 200 characters."
    assert result["failed"] == [
        failure(0, None, item_error("UNAVAILABLE", message, "products", "0", retryable=True)),
        failure(1, None, item_error("INVALID_FIELD", blank, "products", "1", "name")),
    ]
    assert hasty.stocks() == {}


async def test_a_delete_of_a_product_that_others_hold_is_a_write_conflict(hasty: Shop) -> None:
    (held,) = await hasty.put(10)
    with hasty.admin.start_session() as session, session.start_transaction():
        hasty.products.update_one({"_id": ObjectId(held)}, {"$inc": {"price": 1}}, session=session)

        result = await hasty.ask(DELETE, deletes=[{"productId": held}])

    message = (
        "Other writers kept changing this chunk's products until the time was up. "
        "Nothing was changed; send the item again."
    )
    error = item_error("WRITE_CONFLICT", message, "deletes", "0", retryable=True)
    assert result == {"notFound": [], "failed": [failure(0, held, error)]}
    assert hasty.stocks() == {held: 10}


async def test_an_update_that_the_validator_refuses_is_internal(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    ids = await shop.put(10, 10, 10)
    shop.spoil(ids[1])

    result = await shop.ask(
        UPDATE,
        updates=[{"productId": one, "data": {"name": "Mug"}} for one in ids],
        options={"atomic": False, "continueOnError": True},
    )

    (refused,) = result["failed"]
    assert (refused["index"], refused["productId"]) == (1, ids[1])
    masked(refused, caplog)
    assert [one["name"] for one in shop.products.find().sort("_id")] == ["Mug", "Cup", "Mug"]
