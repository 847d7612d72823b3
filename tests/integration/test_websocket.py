"""What is told over WebSocket is what is told over HTTP."""

import asyncio
import json
from typing import Any

import pytest

from server.app import make_app
from server.graphql_view import GraphQLView
from tests.integration.shop import Shop

REFUSED = {
    "no GraphQL": "{ products(",
    "no operation": "fragment F on Product { id }",
    "several operations": "query A { __typename } query B { __typename }",
    "an unknown field": "{ nonsense }",
    "a page of none": "{ products(first: 0) { totalCount } }",
    "a malformed cursor": '{ products(after: "x") { totalCount } }',
    "chunks of none": "mutation { batchDiscontinueProducts(productIds: [], "
    "options: {batchSize: 0}) { failed } }",
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_a_refusal_is_the_same_as_over_http(shop: Shop, kind: str) -> None:
    over_http = await shop.graphql(REFUSED[kind])

    assert await _over_websocket(shop, REFUSED[kind]) == over_http["errors"]
    assert [error["extensions"]["code"] for error in over_http["errors"]] == ["BAD_INPUT"]


async def test_a_request_without_a_text_is_refused(shop: Shop) -> None:
    (error,) = await _over_websocket(shop, "")

    assert error == {
        "message": 'Request data is missing a "query" value',
        "extensions": {"code": "BAD_INPUT"},
    }


async def test_a_fault_of_ours_is_masked(shop: Shop) -> None:
    (one,) = await shop.put(1)
    shop.admin[shop.database].command("collMod", "products", validationLevel="off")
    shop.products.update_one({}, {"$unset": {"price": 1}})

    (error,) = await _over_websocket(shop, f'{{ product(id: "{one}") {{ price }} }}')

    assert error["message"] == f"Internal error. (Error {error['extensions']['errorId']})"
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["path"] == ["product"]


async def test_a_mutation_is_answered(shop: Shop) -> None:
    (one,) = await shop.put(10)
    update = f'{{productId: "{one}", quantity: 5}}'

    answer = await _over_websocket(
        shop, f"mutation {{ batchUpdateStock(updates: [{update}]) {{ newStock }} }}"
    )

    assert answer == {"batchUpdateStock": [{"newStock": 15}]}
    assert shop.stocks() == {one: 15}


async def _over_websocket(shop: Shop, query: str) -> Any:
    """The data of the answer, or its errors."""

    async def ready() -> bool:
        return True

    app = make_app(GraphQLView(shop.services, max_request_bytes=1_000_000), shop.metrics, ready)
    to_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    to_client: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    scope = {
        "type": "websocket",
        "path": "/graphql",
        "headers": [],
        "query_string": b"",
        "subprotocols": ["graphql-transport-ws"],
    }
    for frame in ({"type": "connection_init"}, _subscribe(query)):
        to_server.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})
    serving = asyncio.create_task(app(scope, _after_connecting(to_server), to_client.put))
    async with asyncio.timeout(10):
        while "payload" not in (frame := await to_client.get()).get("text", ""):
            pass
        to_server.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await serving
    payload = json.loads(frame["text"])["payload"]
    return payload if isinstance(payload, list) else payload.get("errors") or payload["data"]


def _subscribe(query: str) -> dict[str, Any]:
    return {"id": "1", "type": "subscribe", "payload": {"query": query}}


def _after_connecting(frames: asyncio.Queue[dict[str, Any]]) -> Any:
    connected = False

    async def receive() -> dict[str, Any]:
        nonlocal connected
        if not connected:
            connected = True
            return {"type": "websocket.connect"}
        return await frames.get()

    return receive
