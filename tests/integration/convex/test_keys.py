"""Send idempotency keys over Convex's protocol."""

from typing import Any

import httpx
import pytest
from bson import ObjectId

from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.convex_calls import FIVE, error, send, value

pytestmark = pytest.mark.either_driver


@pytest.mark.parametrize("where", ["arguments", "header", "both"])
async def test_a_key_makes_a_call_safe_to_repeat(shop: Shop, where: str) -> None:
    (cup,) = await shop.put(10)
    updates = {"updates": [{"productId": cup, "quantity": 5}]}
    args = updates | ({} if where == "header" else {"idempotencyKey": "k"})
    headers = {} if where == "arguments" else {"Idempotency-Key": "k"}
    body = {"path": "batchUpdateStock", "args": [args]}

    first = await send(shop, "mutation", body, **headers)
    again = await send(shop, "mutation", body, **headers)

    assert again.json() == first.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (shop.stocks(), len(shop.rows())) == ({cup: 15}, 1)


async def test_a_key_of_another_call_is_a_typed_error(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    args = {"updates": [{"productId": cup, "quantity": 5}], "idempotencyKey": "k"}
    await value(shop, "mutation", "batchUpdateStock", args)

    other = args | {"updates": [{"productId": cup, "quantity": 6}]}
    refused = await error(shop, "mutation", "batchUpdateStock", other)

    assert refused["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert shop.stocks() == {cup: 15}


async def test_a_key_works_where_graphql_takes_it_by_header_alone(shop: Shop) -> None:
    batch = await value(
        shop,
        "mutation",
        "submitBatch",
        {"operation": {"discontinueProducts": {"productIds": [str(ObjectId())]}}},
    )
    await value(shop, "mutation", "cancelBatch", {"id": batch["id"], "idempotencyKey": "c"})

    first = await value(shop, "mutation", "retryBatch", {"id": batch["id"], "idempotencyKey": "k"})
    again = await value(shop, "mutation", "retryBatch", {"id": batch["id"], "idempotencyKey": "k"})
    refused = await error(
        shop,
        "mutation",
        "retryBatch",
        {"id": batch["id"], "idempotencyKey": "k"},
        **{"Idempotency-Key": "other"},
    )

    assert first["id"] == again["id"] != batch["id"]
    assert refused["code"] == "BAD_INPUT"


@pytest.mark.parametrize(
    ("first", "same"),
    [(5, 5.0), (5, FIVE), (5.0, FIVE), (0, {"$float": "AAAAAAAAAIA="}), (-0.0, 0)],
)
async def test_a_number_is_the_same_in_every_form(shop: Shop, first: Any, same: Any) -> None:
    (cup,) = await shop.put(10)

    async def add(quantity: Any) -> httpx.Response:
        args = {"updates": [{"productId": cup, "quantity": quantity}], "idempotencyKey": "k"}
        return await send(shop, "mutation", {"path": "batchUpdateStock", "args": args})

    answers = [await add(first), await add(same)]

    assert answers[0].json()["status"] == "success"
    assert answers[1].json() == answers[0].json()
    assert answers[1].headers["idempotent-replayed"] == "true"


async def test_a_key_is_the_same_over_graphql(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    updates = [{"productId": cup, "quantity": 5}]
    args = {"updates": updates, "idempotencyKey": "k"}
    await value(shop, "mutation", "batchUpdateStock", args)

    answer = await shop.post_query(
        "mutation ($updates: [StockUpdateInput!]!) "
        '{ batchUpdateStock(updates: $updates, idempotencyKey: "k") { newStock } }',
        updates=updates,
    )

    assert answer == {
        "data": {"batchUpdateStock": [{"newStock": 15}]},
        "extensions": {"idempotentReplay": True},
    }


async def test_two_headers_are_one_key(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    body = {"path": "batchUpdateStock", "args": {"updates": [{"productId": cup, "quantity": 5}]}}

    for keys in (["a", "b"], ["a"]):
        async with shop.http() as client:
            headers = [("Idempotency-Key", key) for key in keys]
            await client.post("/api/mutation", json=body, headers=headers)

    assert shop.stocks() == {cup: 20}


async def test_a_header_alone_makes_retry_batch_safe(shop: Shop) -> None:
    batch = await value(
        shop,
        "mutation",
        "submitBatch",
        {"operation": {"discontinueProducts": {"productIds": [UNKNOWN_ID]}}},
    )
    await value(shop, "mutation", "cancelBatch", {"id": batch["id"]})

    retried = [
        await value(shop, "mutation", "retryBatch", {"id": batch["id"]}, **{"Idempotency-Key": "k"})
        for _ in range(2)
    ]

    assert retried[0]["id"] == retried[1]["id"]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (5, "idempotencyKey must be a text."),
        ("", "idempotencyKey must be 1 to 200 printable ASCII characters."),
    ],
)
async def test_a_key_that_is_none_is_refused_everywhere(shop: Shop, key: Any, message: str) -> None:
    for name in ("cancelBatch", "retryBatch", "retryPublication"):
        refused = await error(shop, "mutation", name, {"id": UNKNOWN_ID, "idempotencyKey": key})
        assert refused == {"code": "BAD_INPUT", "message": message}


async def test_a_query_takes_no_key(shop: Shop) -> None:
    refused = await error(shop, "query", "product", {"id": UNKNOWN_ID, "idempotencyKey": "k"})

    assert refused["message"] == "product has no argument “idempotencyKey”: there may be id."
