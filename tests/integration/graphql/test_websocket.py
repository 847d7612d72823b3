"""Compare answers over WebSocket with those over HTTP."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.types import ASGIApp

from server.web.app import make_app
from server.web.graphql.view import GraphQLView
from tests.support.shop import UNKNOWN_ID, Shop

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


async def test_a_key_in_the_headers_is_none_of_a_mutation_s(shop: Shop) -> None:
    """The headers are sent once, for all that comes over the connection."""
    (one,) = await shop.put(10)
    update = f'{{productId: "{one}", quantity: 5}}'
    query = f"mutation {{ batchUpdateStock(updates: [{update}]) {{ newStock }} }}"
    header = (b"idempotency-key", b"k")

    answers = [await _over_websocket(shop, query, headers=[header]) for _ in range(2)]

    assert [one["batchUpdateStock"] for one in answers] == [[{"newStock": 15}], [{"newStock": 20}]]


@pytest.mark.parametrize("message", ["5", "[1]", "null", '"connection_init"', "{"])
async def test_a_message_that_is_no_object_closes_the_connection(shop: Shop, message: str) -> None:
    frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    sent: list[dict[str, Any]] = []
    for text in (json.dumps({"type": "connection_init"}), message):
        frames.put_nowait({"type": "websocket.receive", "text": text})

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    async with asyncio.timeout(10):
        await _app(shop)(_scope(), _after_connecting(frames), send)

    assert sent[-1]["type"] == "websocket.close"
    assert sent[-1]["code"] == 4400


async def test_nobody_is_told_of_a_client_that_left_before_its_refusal(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    query = f'subscription {{ batchProgress(id: "{UNKNOWN_ID}") {{ status }} }}'
    for frame in ({"type": "connection_init"}, _subscribe(query)):
        frames.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})
    refused = asyncio.Event()

    async def send(event: dict[str, Any]) -> None:
        if "no batch" in event.get("text", ""):
            refused.set()
            raise OSError("it hung up")

    serving = asyncio.create_task(_app(shop)(_scope(), _after_connecting(frames), send))
    async with asyncio.timeout(10):
        await refused.wait()
        frames.put_nowait({"type": "websocket.disconnect", "code": 1006})
        await serving

    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == []


def _app(shop: Shop) -> ASGIApp:
    async def ready() -> None:
        return None

    view = GraphQLView(shop.services, max_request_bytes=1_000_000)
    return make_app(view, shop.metrics, ready)


def _scope(headers: Sequence[tuple[bytes, bytes]] = ()) -> dict[str, Any]:
    return {
        "type": "websocket",
        "path": "/graphql",
        "headers": headers,
        "query_string": b"",
        "subprotocols": ["graphql-transport-ws"],
    }


async def _over_websocket(
    shop: Shop, query: str, *, headers: Sequence[tuple[bytes, bytes]] = ()
) -> Any:
    """Return the data of the answer, or its errors."""
    to_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    to_client: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    for frame in ({"type": "connection_init"}, _subscribe(query)):
        to_server.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})
    serving = asyncio.create_task(
        _app(shop)(_scope(headers), _after_connecting(to_server), to_client.put)
    )
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
