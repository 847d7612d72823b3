"""Measure the requests of every door: one for each, with its code."""

import json
from typing import Any

import pytest

from tests.support.batches.batch_work import plus_one, submit
from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.doors import app_of
from tests.support.web.exposition import family
from tests.support.web.listening import listening
from tests.support.web.talking import talking

pytestmark = pytest.mark.either_driver

WATCH = 'subscription {{ batchProgress(id: "{}") {{ status }} }}'
COUNT, REFUSALS = "stockbatch_request_seconds_count", "stockbatch_refusals_total"


def measured(shop: Shop) -> dict[tuple[str, ...], float]:
    """Return how many requests there were by (code, door)."""
    return family(shop.metrics.exposition(), COUNT)


async def test_an_answer_is_ok_at_every_door_over_http(shop: Shop) -> None:
    batch = await submit(shop, plus_one(await shop.put(1)))
    function = {"path": "products", "format": "json", "args": {}}
    async with shop.http() as client:
        await client.post("/graphql", json={"query": "{ __typename }"})
        await client.get(f"/api/batches/{batch}")
        answer = await client.post("/api/query", json=function)
        await client.post("http://test//api/query", json=function)
        for path in ("/healthz", "/readyz", "/metrics", "/nonsense"):
            await client.get(path)

    assert answer.json()["status"] == "success"
    assert measured(shop) == {("OK", "graphql"): 1, ("OK", "rest"): 1, ("OK", "convex"): 2}
    assert family(shop.metrics.exposition(), REFUSALS) == {}


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "door"),
    [
        ("POST", "/graphql", {"query": "{ nonsense }"}, "BAD_INPUT", "graphql"),
        ("POST", "/graphql", {"query": 5}, "BAD_INPUT", "graphql"),
        ("PUT", "/graphql", None, "METHOD_NOT_ALLOWED", "graphql"),
        ("GET", f"/api/batches/{UNKNOWN_ID}", None, "NOT_FOUND", "rest"),
        ("GET", "/api/nonsense", None, "NOT_FOUND", "rest"),
        ("POST", "/api/batches/batch-update-stock", {}, "BAD_INPUT", "rest"),
        ("POST", "/api/query", {"path": "nonsense"}, "BAD_INPUT", "convex"),
        ("POST", "/api/query", {}, "BAD_INPUT", "convex"),
        ("POST", "/api/action", {}, "NOT_FOUND", "convex"),
    ],
)
async def test_a_refusal_is_measured_with_its_code(
    shop: Shop, method: str, path: str, body: Any, code: str, door: str
) -> None:
    async with shop.http() as client:
        await client.request(method, path, json=body)

    assert measured(shop) == {(code, door): 1}
    assert family(shop.metrics.exposition(), REFUSALS) == {(code,): 1}


async def test_an_outage_is_unavailable_at_every_door(shop: Shop) -> None:
    function = {"path": "products", "format": "json", "args": {}}
    with shop.failing("find", "aggregate", mode="alwaysOn", errorCode=91):
        async with shop.http() as client:
            await client.post("/graphql", json={"query": "{ products { totalCount } }"})
            await client.get(f"/api/batches/{UNKNOWN_ID}")
            await client.post("/api/query", json=function)

    assert measured(shop) == {("UNAVAILABLE", door): 1 for door in ("graphql", "rest", "convex")}


async def test_operations_of_a_websocket_are_measured_each(shop: Shop) -> None:
    async with listening(app_of(shop)) as server, talking(server.port) as talk:
        await talk.greet()
        await talk.subscribe("{ __typename }", "1")
        assert [(await talk.hear())["type"] for _ in range(2)] == ["next", "complete"]
        await talk.subscribe("{ nonsense }", "2")
        assert (await talk.hear())["type"] == "error"
        await talk.send({"id": "3", "type": "subscribe", "payload": {"query": 5}})
        assert (await talk.hear())["type"] == "error"
        await talk.subscribe(WATCH.format(UNKNOWN_ID), "4")
        assert (await talk.hear())["type"] == "error"

    assert measured(shop) == {("OK", "websocket"): 1, ("BAD_INPUT", "websocket"): 3}


async def test_a_subscription_is_measured_until_its_first_message(shop: Shop) -> None:
    batch = await submit(shop, plus_one(await shop.put(1)))
    async with listening(app_of(shop)) as server, talking(server.port) as talk:
        await talk.greet()
        await talk.subscribe(WATCH.format(batch))
        assert (await talk.hear())["type"] == "next"

        assert measured(shop) == {("OK", "websocket"): 1}
        assert shop.services.progress.subscribers == 1
        assert server.guard.counts() == {"http": 0, "websocket": 1}

    assert measured(shop) == {("OK", "websocket"): 1}


async def test_a_connection_counts_what_it_refuses_itself(shop: Shop) -> None:
    refused: list[int] = []
    async with listening(app_of(shop), connections=1) as server:
        server.guard.on_refused = refused.append
        first = await server.peer()
        await first.send(b"nonsense\r\n\r\n")
        assert b"400" in await first.all()
        await server.peer()
        body = json.dumps({"query": "{ __typename }"}).encode()
        head = (
            b"POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        )
        assert b"503" in await server.answer(head % len(body) + body)

    assert refused == [400, 503]
    assert measured(shop) == {}
