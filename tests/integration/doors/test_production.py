"""What a server in production does not tell: its schema, what a caller may have meant, its page."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.shop import Shop
from tests.support.web.doors import Door, Reply, Sent, app_of, reply
from tests.support.web.identities import ADMIN, EVERYBODY, EXPIRED, NOBODY, make_identities

pytestmark = pytest.mark.either_driver

QUESTIONS: Mapping[str, str] = {  # that ask about the schema, each in its own way
    "plain": "{__schema{queryType{name}}}",
    "a type": '{__type(name:"Product"){name}}',
    "an alias": "{a:__schema{queryType{name}}}",
    "beside a field": "{products{totalCount} __schema{queryType{name}}}",
    "a fragment": "{...F} fragment F on Query{__schema{queryType{name}}}",
    "a fragment within": (
        "{...F} fragment F on Query{...G} fragment G on Query{a:__schema{__typename}}"
    ),
    "an inline fragment": "{... on Query{... @include(if:true){__schema{queryType{name}}}}}",
    "left out by a directive": "{__typename __schema @skip(if:true){queryType{name}}}",
    "a name of its own": "query IntrospectionQuery{__schema{types{name fields{name}}}}",
    "an unused fragment": "{__typename} fragment F on Query{__schema{queryType{name}}}",
    "not valid": "{__schema{nothing}}",
}
DOORS = (Door.GRAPHQL_POST, Door.GRAPHQL_GET, Door.WEBSOCKET)
CLOSED = Reply(status=4403, code="CLOSED")
MISSPELT: Mapping[str, tuple[str, dict[str, Any]]] = {  # texts and variables that cause suggestions
    "a field": ("{prodcts{totalCount}}", {}),
    "a field below": ("{products{totalCounts}}", {}),
    "a field of another type": ("{products{edges{node{stok}}}}", {}),
    "an argument": ("{products(frist:1){totalCount}}", {}),
    "an argument of a directive": ("{products @skip(if:true,iff:true){totalCount}}", {}),
    "a type": ("{...F} fragment F on Qery{__typename}", {}),
    "a type of a variable": ("query($o:ProductOrde){products(orderBy:$o){totalCount}}", {}),
    "a value of an enumeration": ("{products(orderBy:NAME_ASK){totalCount}}", {}),
    "a text in place of a value": ('{products(orderBy:"NAME_ASC"){totalCount}}', {}),
    "a field of an input": ("{products(filter:{categry:1}){totalCount}}", {}),
    "a value in a variable": (
        "query($o:ProductOrder){products(orderBy:$o){totalCount}}",
        {"o": "NAME_ASK"},
    ),
    "a name in a variable": (
        "query($w:ProductFilter){products(filter:$w){totalCount}}",
        {"w": {"categry": "c"}},
    ),
    "a name in a mutation's variable": (
        "mutation($i:[StockUpdateInput!]!){batchUpdateStock(updates:$i){success}}",
        {"i": [{"productId": "1", "quantity": 1, "quantty": 1}]},
    ),
}


def request(door: Door, text: str, variables: Mapping[str, Any] | None = None) -> Sent:
    """Return a request with this text at a door of GraphQL."""
    payload = {"query": text, "variables": variables or {}}
    if door is Door.GRAPHQL_GET:
        query = f"query={quote(text)}&variables={quote(json.dumps(variables or {}))}"
        return Sent(method="GET", path="/graphql", query=query)
    if door is Door.WEBSOCKET:
        message = {"id": "1", "type": "subscribe", "payload": payload}
        return Sent(method="GET", path="/graphql", body=json.dumps(message).encode())
    return Sent(
        method="POST",
        path="/graphql",
        headers=(("content-type", "application/json"),),
        body=json.dumps(payload).encode(),
    )


async def errors(app: Starlette, text: str, variables: Mapping[str, Any]) -> str:
    """Return all that is wrong with a request, over HTTP."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        answer = await client.post("/graphql", json={"query": text, "variables": variables})
    return " ".join(error["message"] for error in answer.json()["errors"])


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
async def test_only_an_admin_asks_about_the_schema(
    shop: Shop, tmp_path: Path, door: Door, name: str
) -> None:
    identities = make_identities(tmp_path)
    app = app_of(shop, authentication=identities.authentication, is_production=True)

    for who in (*EVERYBODY, *EVERYBODY):  # the second time the text is known
        sent = request(door, QUESTIONS[name])
        for header in identities.headers(who).items():
            sent = sent.with_header(*header)
        got = await reply(app, door, sent)

        if who in (NOBODY, EXPIRED):
            assert got.code == ("CLOSED" if door is Door.WEBSOCKET else "UNAUTHENTICATED"), who
        elif who == ADMIN:
            asks_well = name not in ("an unused fragment", "not valid")
            assert got.code == (None if asks_well else "BAD_INPUT"), who
        else:
            assert got.code == "FORBIDDEN", who
            assert "Only admins" in got.message


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
async def test_nobody_asks_about_the_schema_where_callers_are_not_told_apart(
    shop: Shop, door: Door
) -> None:
    sent = request(door, QUESTIONS["plain"])

    assert (await reply(app_of(shop, is_production=True), door, sent)).code == "FORBIDDEN"
    assert (await reply(app_of(shop), door, sent)).code is None


async def test_a_name_of_a_type_may_be_asked_for_by_all(shop: Shop) -> None:
    sent = request(Door.GRAPHQL_POST, "{__typename products{__typename}}")

    assert (await reply(app_of(shop, is_production=True), Door.GRAPHQL_POST, sent)).code is None


async def test_convex_has_no_function_that_tells_the_schema(shop: Shop) -> None:
    app = app_of(shop, is_production=True)
    for path in ("__schema", "IntrospectionQuery", "__type:default"):
        body = json.dumps({"path": path, "args": {}}).encode()
        headers = (("content-type", "application/json"),)
        sent = Sent(method="POST", path="/api/query", headers=headers, body=body)

        assert (await reply(app, Door.CONVEX_QUERY, sent)).code == "BAD_INPUT"


@pytest.mark.parametrize("name", MISSPELT)
async def test_nobody_is_told_what_they_may_have_meant(shop: Shop, name: str) -> None:
    text, variables = MISSPELT[name]

    in_development = await errors(app_of(shop), text, variables)
    in_production = await errors(app_of(shop, is_production=True), text, variables)

    assert "Did you mean" in in_development
    assert "Did you mean" not in in_production


@pytest.mark.parametrize("name", MISSPELT)
async def test_a_websocket_does_not_tell_it_either(shop: Shop, name: str) -> None:
    text, variables = MISSPELT[name]
    got = await reply(
        app_of(shop, is_production=True), Door.WEBSOCKET, request(Door.WEBSOCKET, text, variables)
    )

    assert got.code == "BAD_INPUT"
    assert "Did you mean" not in got.message


async def test_a_subscription_is_told_nothing_either(shop: Shop) -> None:
    sent = request(Door.WEBSOCKET, 'subscription{batchProgres(id:"1"){id}}')

    in_development = await reply(app_of(shop), Door.WEBSOCKET, sent)
    in_production = await reply(app_of(shop, is_production=True), Door.WEBSOCKET, sent)

    assert "Did you mean" in in_development.message
    assert "Did you mean" not in in_production.message


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/batches/batch-update-stok", {"updates": []}),
        ("/api/batches/batch-update-stock", {"update": []}),
        ("/api/batches/batch-update-stock", {"updates": [{"productId": "1", "quantty": 1}]}),
        ("/api/mutation", {"path": "batchUpdateStok", "args": {}}),
        ("/api/mutation", {"path": "batchUpdateStock", "args": {"update": []}}),
        ("/api/mutation", {"path": "batchUpdateStock", "args": {"updates": [{"quantty": 1}]}}),
        ("/api/query", {"path": "products", "args": {"orderBy": "NAME_ASK"}}),
        ("/api/query", {"path": "products", "args": {"filter": {"categry": "c"}}}),
    ],
)
async def test_rest_and_convex_do_not_guess(shop: Shop, path: str, body: dict[str, Any]) -> None:
    app = app_of(shop, is_production=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        answer = await client.post(path, json=body)

    assert '"code"' in answer.text
    assert "id you mean" not in answer.text


async def test_there_is_no_graphiql_and_no_metrics(shop: Shop) -> None:
    app = app_of(shop, is_production=True)
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        found = {
            path: (await client.get(path, headers=browser)).status_code
            for path in ("/", "/graphiql/page.css", "/metrics", "/healthz", "/readyz")
        }
        console = await client.get("/", headers=browser)
        page = await client.get("/graphql", headers=browser)

    assert '<meta name="graphiql" content="" />' in console.text  # it links to none
    assert found == {
        "/": 200,
        "/graphiql/page.css": 404,
        "/metrics": 404,
        "/healthz": 200,
        "/readyz": 200,
    }
    assert page.status_code == 400
    assert page.headers["content-type"] == "application/json; charset=utf-8"
