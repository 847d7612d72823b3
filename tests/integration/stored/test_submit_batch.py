"""Submit a batch of each kind by `submitBatch`, and run it."""

from collections.abc import Sequence
from typing import Any

import pytest
from bson import ObjectId

from tests.support.batches.batch_invariants import assert_batches_are_exact
from tests.support.batches.batch_work import work_off
from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.whole_answers import Json

SUBMIT = """
mutation ($operation: BatchOperationInput!) {
  submitBatch(operation: $operation) { ...Batch }
}
fragment Batch on BatchOperation {
  id operationType status outcome totalItems processedItems successCount failureCount
  createdBy startedAt completedAt error retryOf publication { pending published failed }
  alerts { kind message }
  results {
    totalCount
    edges { node { index productId success message newStock txId publicationError error { code } } }
  }
}
"""
BATCH = "query ($id: ID!) { batchOperation(id: $id) { ...Batch } }" + SUBMIT[SUBMIT.index("frag") :]
CUP: Json = {"name": " Cup ", "price": 199, "stock": 3, "category": "tableware"}


async def submit(shop: Shop, **operation: Any) -> Json:
    """Submit a batch; return it as it was answered. It is stored and waits."""
    batch: Json = await shop.ask(SUBMIT, operation=operation)
    assert batch == {
        **batch,
        "status": "PENDING",
        "outcome": None,
        "processedItems": 0,
        "startedAt": None,
        "results": {"totalCount": 0, "edges": []},
    }
    return batch


async def done(shop: Shop, **operation: Any) -> tuple[Json, list[tuple[Any, ...]]]:
    """Run the submitted batch; return it, and (id, message, stock, code) of its items."""
    submitted = await submit(shop, **operation)
    await work_off(shop)
    batch: Json = await shop.ask(BATCH, id=submitted["id"])
    nodes = [edge["node"] for edge in batch.pop("results")["edges"]]
    assert [node["index"] for node in nodes] == list(range(batch["totalItems"]))
    assert all(node["success"] == (node["error"] is None) for node in nodes)
    assert batch["completedAt"] >= batch["startedAt"]
    assert_batches_are_exact(shop.admin[shop.database])
    return batch, [
        (one["productId"], one["message"], one["newStock"], one["error"] and one["error"]["code"])
        for one in nodes
    ]


def counts(batch: Json) -> tuple[Any, ...]:
    names = ("operationType", "status", "outcome", "successCount", "failureCount")
    return tuple(batch[name] for name in names)


async def test_stock_updates_are_done_in_the_background(shop: Shop) -> None:
    one, two = await shop.put(10, 10)
    sent = [(one, 5), (two, -99), (one, -1), (UNKNOWN_ID, 1), ("zz", 1), (two, 0.5)]
    updates = [{"productId": product, "quantity": quantity} for product, quantity in sent]

    batch, results = await done(shop, updateStock={"updates": updates, "batchSize": 2})

    assert counts(batch) == ("UPDATE_STOCK", "COMPLETED", "PARTIAL", 2, 4)
    assert results == [
        (one, "Stock is now 15", 15, None),
        (two, None, None, "INSUFFICIENT_STOCK"),
        (one, "Stock is now 14", 14, None),
        (UNKNOWN_ID, None, None, "PRODUCT_NOT_FOUND"),
        ("zz", None, None, "INVALID_PRODUCT_ID"),
        (two, None, None, "INVALID_QUANTITY"),
    ]
    assert shop.stocks() == {one: 14, two: 10}
    shop.assert_ledger_explains({one: 10, two: 10})


async def test_a_submitted_stock_update_waits_in_the_ledger(shop: Shop) -> None:
    (one,) = await shop.put(10)
    query = """
    query ($id: ID!) { stockUpdates(filter: {batchId: $id}) {
      edges { node { productId quantity status newStock batchId } }
    } }"""
    batch = await submit(shop, updateStock={"updates": [{"productId": one, "quantity": 5}]})

    row = {"productId": one, "quantity": 5, "batchId": batch["id"]}
    waiting = await shop.ask(query, id=batch["id"])
    await work_off(shop)
    settled = await shop.ask(query, id=batch["id"])

    assert waiting["edges"] == [{"node": row | {"status": "PENDING", "newStock": None}}]
    assert settled["edges"] == [{"node": row | {"status": "APPLIED", "newStock": 15}}]


async def test_products_are_discontinued_in_the_background(shop: Shop) -> None:
    one, two = await shop.put(10, 0)
    await shop.discontinue([two])

    batch, results = await done(shop, discontinueProducts={"productIds": [one, two, UNKNOWN_ID]})

    assert counts(batch) == ("DISCONTINUE_PRODUCTS", "COMPLETED", "PARTIAL", 2, 1)
    assert results == [
        (one, "Discontinued", 0, None),
        (two, "Was discontinued already", None, None),
        (UNKNOWN_ID, None, None, "PRODUCT_NOT_FOUND"),
    ]
    assert shop.products.count_documents({"discontinued": True}) == 2


async def test_prices_are_updated_in_the_background(shop: Shop) -> None:
    one, two = await shop.put(10, 10)
    (gone,) = await shop.put(0, discontinued=True)

    batch, results = await done(
        shop, updatePrice={"productIds": [one, gone, two], "newPrice": 1500.0}
    )

    assert counts(batch) == ("UPDATE_PRICE", "COMPLETED", "PARTIAL", 2, 1)
    assert batch["publication"] is None
    assert results == [
        (one, "Price updated to 1500", None, None),
        (gone, None, None, "PRODUCT_DISCONTINUED"),
        (two, "Price updated to 1500", None, None),
    ]
    assert [one["price"] for one in shop.products.find().sort("_id")] == [1500, 1500, 100]


async def test_products_are_created_in_the_background(shop: Shop) -> None:
    own = str(ObjectId())
    products = [CUP, CUP | {"id": own.upper()}, CUP | {"price": -1, "name": ""}]

    batch, results = await done(
        shop, createProducts={"products": products, "expireIn": 10_000_000_000}
    )

    assert counts(batch) == ("CREATE_PRODUCTS", "COMPLETED", "PARTIAL", 2, 1)
    made = {str(one["_id"]): one for one in shop.products.find()}
    assert results[1:] == [(own, "Created", None, None), (None, None, None, "INVALID_FIELD")]
    assert results[0] == (results[0][0], "Created", None, None)
    assert {results[0][0], own} == set(made)
    assert {one["name"] for one in made.values()} == {"Cup"}
    assert all("expiresAt" in one for one in made.values())


async def test_products_are_updated_in_the_background(shop: Shop) -> None:
    one, two = await shop.put(10, 10)
    updates = [
        {"productId": one, "data": {"name": "First"}},
        {"productId": two, "data": {"name": None, "price": 5}},
        {"productId": one, "data": {"name": "Second", "price": 7}},
    ]

    batch, results = await done(
        shop, updateProducts={"updates": updates, "expireIn": 10_000_000_000, "batchSize": 1}
    )

    assert counts(batch) == ("UPDATE_PRODUCTS", "COMPLETED", "PARTIAL", 2, 1)
    assert results == [
        (one, "Updated", None, None),
        (two, None, None, "INVALID_FIELD"),
        (one, "Updated", None, None),
    ]
    first, second = shop.products.find().sort("_id")
    assert (first["name"], first["price"], "expiresAt" in first) == ("Second", 7, True)
    assert (second["name"], second["price"], "expiresAt" in second) == ("Cup", 100, False)


@pytest.mark.parametrize("cascade", [True, False, None])
async def test_products_are_deleted_in_the_background(shop: Shop, cascade: bool | None) -> None:
    ids = await shop.put(10, 10, 10)
    await shop.update([(ids[0], 1), (ids[1], 1)])
    deletes: Sequence[Json] = [
        {"productId": ids[0]},
        {"productId": ids[1], "cascadeDelete": True},
        {"productId": ids[2], "cascadeDelete": None},
    ]

    batch, results = await done(shop, deleteProducts={"deletes": deletes, "cascadeDelete": cascade})

    first = (None, None, "HAS_STOCK_UPDATES") if not cascade else ("Deleted", None, None)
    outcome = ("ALL", 3, 0) if cascade else ("PARTIAL", 2, 1)
    assert counts(batch) == ("DELETE_PRODUCTS", "COMPLETED", *outcome)
    assert results == [
        (ids[0], *first),
        (ids[1], "Deleted", None, None),
        (ids[2], "Deleted", None, None),
    ]
    assert set(shop.stocks()) == ({ids[0]} if not cascade else set())
    assert len(shop.rows()) == (0 if cascade else 1)
