"""Decline persisted queries in the words that clients know, so that they send the query itself."""

import json
from typing import Any

import pytest

from server.web.app import make_app
from server.web.graphql.view import GraphQLView
from tests.support.shop import Shop
from tests.support.web.listening import listening
from tests.support.web.talking import talking

pytestmark = pytest.mark.either_driver

PERSISTED = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
ERROR = {
    "message": "PersistedQueryNotSupported",
    "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"},
}
RESPONSE = "application/graphql-response+json"
STATUSES = pytest.mark.parametrize(
    ("accept", "status"), [("application/json", 200), ("*/*", 200), (RESPONSE, 400)]
)


@STATUSES
@pytest.mark.parametrize("query", [{}, {"query": None}, {"query": ""}])
async def test_a_hash_in_place_of_a_query_is_declined(
    shop: Shop, accept: str, status: int, query: dict[str, Any]
) -> None:
    async with shop.http() as client:
        response = await client.post(
            "/graphql", json=query | {"extensions": PERSISTED}, headers={"Accept": accept}
        )

    assert (response.status_code, response.json()) == (status, {"errors": [ERROR]})


@STATUSES
async def test_a_hash_in_the_parameters_of_a_get_is_declined(
    shop: Shop, accept: str, status: int
) -> None:
    parameters = {"operationName": "Product", "extensions": json.dumps(PERSISTED)}
    async with shop.http() as client:
        response = await client.get("/graphql", params=parameters, headers={"Accept": accept})

    assert (response.status_code, response.json()) == (status, {"errors": [ERROR]})


async def test_a_query_beside_its_hash_is_answered(shop: Shop) -> None:
    async with shop.http() as client:
        response = await client.post(
            "/graphql", json={"query": "{ __typename }", "extensions": PERSISTED}
        )

    assert response.json() == {"data": {"__typename": "Query"}}


async def test_a_request_without_query_and_hash_is_refused_as_before(shop: Shop) -> None:
    async with shop.http() as client:
        response = await client.post("/graphql", json={"extensions": {"other": 1}})

    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_INPUT"}


async def test_a_hash_over_websocket_is_declined_and_the_connection_stays(shop: Shop) -> None:
    async def why_not_ready() -> None:
        return None

    view = GraphQLView(shop.services, max_request_bytes=100_000)
    app = make_app(view, shop.metrics, why_not_ready)
    async with listening(app) as server, talking(server.port) as talk:
        await talk.greet()

        await talk.send({"id": "1", "type": "subscribe", "payload": {"extensions": PERSISTED}})

        assert await talk.hear() == {"id": "1", "type": "error", "payload": [ERROR]}
        await talk.subscribe("{ __typename }", "2")
        assert (await talk.hear())["payload"] == {"data": {"__typename": "Query"}}
