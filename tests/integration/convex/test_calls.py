"""Call queries and mutations over Convex's protocol."""

import json
from dataclasses import fields
from typing import Any

import pytest
from strawberry.utils.str_converters import to_camel_case

from schema.types.product import Product
from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.convex_calls import FIVE, JSON, NAN, call, error, send, value

pytestmark = pytest.mark.either_driver


async def test_seed_1_is_answered_as_it_stands_there(shop: Shop) -> None:
    id1, id2, id3 = ids = await shop.put(10, 10, 10)
    updates = [
        {"productId": id1, "quantity": 5},
        {"productId": id2, "quantity": -3},
        {"productId": id3, "quantity": 10},
    ]

    updated = await call(shop, "mutation", "batchUpdateStock", {"updates": updates})
    discontinued = await call(shop, "mutation", "batchDiscontinueProducts", {"productIds": ids})

    assert updated == {
        "status": "success",
        "value": [
            {"productId": id1, "success": True, "newStock": 15},
            {"productId": id2, "success": True, "newStock": 7},
            {"productId": id3, "success": True, "newStock": 20},
        ],
        "logLines": [],
    }
    assert discontinued == {
        "status": "success",
        "value": {"updated": 3, "failed": 0},
        "logLines": [],
    }


async def test_items_that_fail_are_data(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    updates = [
        {"productId": cup, "quantity": NAN},
        {"productId": cup, "quantity": -11},
        {"productId": cup, "quantity": FIVE},
        {"productId": cup, "quantity": 5.0, "expectedStock": FIVE},
    ]

    nan, too_much, five, stale = await value(
        shop, "mutation", "batchUpdateStock", {"updates": updates}
    )

    assert nan["error"]["code"] == "INVALID_QUANTITY"
    assert too_much == {
        "productId": cup,
        "success": False,
        "error": {
            "code": "INSUFFICIENT_STOCK",
            "message": "The stock is 10: 11 cannot be taken from it.",
            "path": ["updates", "1", "quantity"],
            "retryable": False,
            "currentStock": 10,
        },
    }
    assert five == {"productId": cup, "success": True, "newStock": 15}
    assert stale["error"]["code"] == "STALE_STOCK"
    assert shop.stocks() == {cup: 15}


async def test_what_is_not_all_well_is_told_when_discontinuing(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    await shop.discontinue([cup])

    answer = await value(
        shop, "mutation", "batchDiscontinueProducts", {"productIds": [cup, UNKNOWN_ID]}
    )

    (failure,) = answer.pop("failures")
    assert answer == {"updated": 0, "unchanged": 1, "failed": 1}
    assert (failure["index"], failure["error"]["code"]) == (1, "PRODUCT_NOT_FOUND")


async def test_every_other_function_answers_what_graphql_does(shop: Shop) -> None:
    created = await value(
        shop,
        "mutation",
        "inventory:batchCreateProducts",
        {"products": [{"name": "Cup", "price": 100, "stock": 10, "category": "tableware"}]},
    )
    ((cup,), counts) = created["created"], created["stats"]
    patched = await value(
        shop,
        "mutation",
        "inventory.js:batchUpdateProducts",
        {"updates": [{"productId": cup["id"], "data": {"price": 200}}]},
    )
    batch = await value(
        shop,
        "mutation",
        "submitBatch",
        {"operation": {"updatePrice": {"productIds": [cup["id"], UNKNOWN_ID], "newPrice": 300}}},
    )
    cancelled = await value(shop, "mutation", "cancelBatch:default", {"id": batch["id"]})
    results = await value(shop, "query", "batchResults", {"id": batch["id"]})
    retried = await value(shop, "mutation", "retryBatch", {"id": batch["id"]})
    unpublished = await error(shop, "mutation", "retryPublication", {"id": batch["id"]})
    deleted = await value(
        shop, "mutation", "batchDeleteProducts", {"deletes": [{"productId": cup["id"]}]}
    )

    assert counts == {"total": 1, "created": 1, "failed": 0}
    shown = {to_camel_case(one.name) for one in fields(Product)}
    assert {*cup} == shown - {"expiresAt"}  # which is null
    assert [one["price"] for one in patched["updated"]] == [200]
    assert (batch["status"], batch["totalItems"]) == ("PENDING", 2)
    assert (cancelled["status"], cancelled["failureCount"]) == ("CANCELLED", 2)
    assert [one["error"]["code"] for one in results["page"]] == ["CANCELLED", "CANCELLED"]
    assert retried["retryOf"] == batch["id"]
    assert unpublished["code"] == "BAD_INPUT"
    assert deleted == {
        "outcome": "ALL",
        "deleted": [],
        "deletedCount": 1,
        "notFound": [],
        "failed": [],
        "stats": {"total": 1, "deleted": 1, "notFound": 0, "failed": 0, "cascaded": 0},
    }
    assert await value(shop, "query", "product", {"id": cup["id"]}) is None


@pytest.mark.parametrize("format_", ["convex_encoded_json", "json", None])
@pytest.mark.parametrize("wrap", [lambda args: args, lambda args: [args]], ids=["bare", "list"])
async def test_every_form_of_a_call_is_taken(shop: Shop, format_: str | None, wrap: Any) -> None:
    (cup,) = await shop.put(10)
    body = {"path": "product", "args": wrap({"id": cup})}

    answer = await send(shop, "query", body | ({"format": format_} if format_ else {}))

    assert answer.json()["value"]["stock"] == 10


async def test_a_client_whose_address_ends_with_a_slash_is_answered(shop: Shop) -> None:
    async with shop.http() as client:
        answer = await client.post(
            "http://test//api/query", json={"path": "product", "args": {"id": UNKNOWN_ID}}
        )

    assert answer.json() == {"status": "success", "value": None, "logLines": []}


async def test_a_large_call_is_answered_like_a_small_one(shop: Shop) -> None:
    ids = [f"{number:024x}" for number in range(1_000)]
    args = {"productIds": ids, "options": {"batchSize": 1000}, "idempotencyKey": "k" * 200}
    body = json.dumps({"path": "batchDiscontinueProducts", "args": [args]})

    async with shop.http() as client:
        answer = await client.post("/api/mutation", content=body + " " * 1_000_000, headers=JSON)
        wrong = await client.post(
            "/api/mutation", content=body.replace("{", "{ ", 1) + " " * 1_000_000, headers=JSON
        )

    assert answer.json()["value"]["failed"] == 1_000
    assert wrong.headers["idempotent-replayed"] == "true"


async def test_pages_of_other_origins_may_call(shop: Shop) -> None:
    async with shop.http() as client:
        asked = await client.options(
            "/api/mutation",
            headers={
                "Origin": "https://shop.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type, convex-client, idempotency-key",
            },
        )
        answered = await client.post(
            "/api/query",
            json={"path": "product", "args": {"id": UNKNOWN_ID}},
            headers={"Origin": "https://shop.example"},
        )

    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "POST" in asked.headers["access-control-allow-methods"]
    assert "convex-client" in asked.headers["access-control-allow-headers"]
    assert answered.headers["access-control-allow-origin"] == "*"
    exposed = answered.headers["access-control-expose-headers"]
    assert {*exposed.split(", ")} == {
        "Content-Disposition",
        "Idempotent-Replayed",
        "Location",
        "Retry-After",
        "X-Request-Id",
    }
