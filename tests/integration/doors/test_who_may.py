"""Every field, every route and every socket message, for everybody who may or may not call it.

A field, a route or a message that is not in these tables fails the test: so nothing new is open to
all because nobody thought of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql.type import introspection
from starlette.applications import Starlette

from schema import schema
from server.domain.caller import Caller
from server.web.identity.authentication import Authentication
from tests.integration.doors.test_doors import ROUTES, paths_of
from tests.support.batches.batch_work import work_off
from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.doors import Door, app_of, reply, well_formed
from tests.support.web.identities import (
    ADMIN,
    ANOTHER,
    EVERYBODY,
    EXPIRED,
    KNOWN,
    NOBODY,
    OPERATOR,
    Identities,
    make_identities,
)
from tests.support.web.whole_answers import everything

pytestmark = pytest.mark.either_driver

READERS = KNOWN
WRITERS = (OPERATOR, ANOTHER, ADMIN)


@dataclass(frozen=True, slots=True)
class Use:
    """How a field is used, and who may. `is_own`: it names a batch, which others do not see."""

    text: str
    may: tuple[str, ...]
    is_own: bool = False


FIELDS: Mapping[str, Use] = {
    "Query.viewer": Use("{viewer{name role}}", READERS),
    "Query.system": Use("{system{server{version}}}", (ADMIN,)),
    "Query.product": Use('{product(id:"%(product)s"){id}}', READERS),
    "Query.products": Use("{products{totalCount}}", READERS),
    "Query.stockUpdates": Use("{stockUpdates{totalCount}}", READERS),
    "Query.batchOperation": Use('{batchOperation(id:"%(batch)s"){id totalItems}}', WRITERS, True),
    "Query.batchOperations": Use("{batchOperations{edges{node{id}}}}", WRITERS),
    "Mutation.batchUpdateStock": Use(
        'mutation{batchUpdateStock(updates:[{productId:"%(product)s",quantity:1}]){success}}',
        WRITERS,
    ),
    "Mutation.batchDiscontinueProducts": Use(
        'mutation{batchDiscontinueProducts(productIds:["%(gone)s"]){updated}}', WRITERS
    ),
    "Mutation.batchCreateProducts": Use(
        'mutation{batchCreateProducts(products:[{name:"a",price:1,stock:1,category:"c"}])'
        "{outcome}}",
        WRITERS,
    ),
    "Mutation.batchUpdateProducts": Use(
        'mutation{batchUpdateProducts(updates:[{productId:"%(product)s",data:{price:2}}]){outcome}}',
        WRITERS,
    ),
    "Mutation.batchDeleteProducts": Use(
        'mutation{batchDeleteProducts(deletes:[{productId:"%(gone)s"}]){outcome}}', WRITERS
    ),
    "Mutation.submitBatch": Use(
        'mutation{submitBatch(operation:{updateStock:{updates:[{productId:"%(product)s",'
        "quantity:1}]}}){totalItems}}",
        WRITERS,
    ),
    "Mutation.cancelBatch": Use('mutation{cancelBatch(id:"%(batch)s"){id}}', WRITERS, True),
    "Mutation.retryBatch": Use('mutation{retryBatch(id:"%(batch)s"){totalItems}}', WRITERS, True),
    "Mutation.retryPublication": Use(
        'mutation{retryPublication(id:"%(batch)s"){id}}', WRITERS, True
    ),
}
SUBSCRIPTIONS: Mapping[str, Use] = {
    "Subscription.batchProgress": Use(
        'subscription{batchProgress(id:"%(batch)s"){id}}', WRITERS, True
    ),
}
META: Mapping[str, Mapping[str, Use]] = {  # the fields that every root of a query has, by mode
    "development": {
        "__schema": Use("{__schema{queryType{name}}}", READERS),
        "__type": Use('{__type(name:"Query"){name}}', READERS),
        "__typename": Use("{__typename}", READERS),
    },
    "production": {
        "__schema": Use("{__schema{queryType{name}}}", (ADMIN,)),
        "__type": Use('{__type(name:"Query"){name}}', (ADMIN,)),
        "__typename": Use("{__typename}", READERS),
    },
}
ONLY_IN_DEVELOPMENT = {"/graphiql", "/metrics"}
OPEN = {  # to everybody, and why
    "/": "the console's page, which has no data",
    "/console/{version}/{path:path}": "the console's own files, which have no data",
    "/graphiql": "the page's own files, which have no data",
    "/healthz": "it says that the process lives",
    "/readyz": "a balancer asks it",
    "/metrics": "it has counts alone",
    "ws /{path:path}": "it refuses every handshake with 404",
    "/api/action": "it refuses every call with 404",
    "/api/query_ts": "it refuses every call with 404",
    "/api/query_at_ts": "it refuses every call with 404",
}
REST = tuple(door for door in Door if door.name.startswith("REST"))
DOORS: Mapping[Door, tuple[str, ...]] = {
    Door.GRAPHQL_POST: WRITERS,
    Door.GRAPHQL_GET: READERS,
    Door.WEBSOCKET: WRITERS,
    Door.REST_JSON: WRITERS,
    Door.REST_NDJSON: WRITERS,
    Door.REST_CSV: WRITERS,
    Door.REST_PROGRESS: (OPERATOR, ADMIN),  # the batch is the operator's
    Door.REST_RESULTS: (OPERATOR, ADMIN),
    Door.REST_LIST: WRITERS,  # each sees its own
    Door.REST_CANCEL: (OPERATOR, ADMIN),
    Door.REST_RETRY: (OPERATOR, ADMIN),
    Door.REST_PRODUCTS: READERS,
    Door.REST_LEDGER: READERS,
    Door.CONVEX_MUTATION: WRITERS,
    Door.CONVEX_QUERY: READERS,
}


@pytest.fixture
def identities(tmp_path: Path) -> Identities:
    return make_identities(tmp_path)


@pytest.fixture
def app(shop: Shop, identities: Identities) -> Starlette:
    return app_of(shop, authentication=identities.authentication)


def client_of(app: Starlette, identities: Identities, who: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://test",
        headers=identities.headers(who),
    )


async def answer(
    app: Starlette, identities: Identities, who: str, query: str, **variables: Any
) -> tuple[int, dict[str, Any]]:
    async with client_of(app, identities, who) as client:
        response = await client.post("/graphql", json={"query": query, "variables": variables})
    return response.status_code, response.json()


async def own_batch(shop: Shop, app: Starlette, identities: Identities, product: str) -> str:
    """Let the operator submit a batch, which is run, and return its id."""
    batch = await waiting_batch(app, identities, product)
    await work_off(shop)
    return batch


async def waiting_batch(app: Starlette, identities: Identities, product: str) -> str:
    """Let the operator submit a batch that will fail, and return its id."""
    query = (
        "mutation($i:[StockUpdateInput!]!)"
        "{submitBatch(operation:{updateStock:{updates:$i}}){id createdBy}}"
    )
    items = [{"productId": product, "quantity": -999}]
    _, body = await answer(app, identities, OPERATOR, query, i=items)
    assert body["data"]["submitBatch"]["createdBy"] == OPERATOR
    batch: str = body["data"]["submitBatch"]["id"]
    return batch


def codes(body: Mapping[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in body.get("errors", [])]


def test_every_field_of_a_root_is_in_the_tables() -> None:
    graphql = schema._schema
    roots = (graphql.query_type, graphql.mutation_type, graphql.subscription_type)
    fields = {f"{root.name}.{name}" for root in roots if root for name in root.fields}

    assert fields == {*FIELDS, *SUBSCRIPTIONS}


@pytest.mark.parametrize("mode", META)
def test_every_field_of_the_schema_itself_is_in_the_tables(mode: str) -> None:
    root = schema._schema.query_type
    names = [name for name in dir(introspection) if name.endswith("MetaFieldDef")]

    assert root is not None
    assert len(names) == len(META[mode])
    assert all(schema._schema.get_field(root, name) for name in META[mode])


@pytest.mark.parametrize("mode", META)
@pytest.mark.parametrize("name", ["__schema", "__type", "__typename"])
async def test_the_schema_itself_is_for_those_whom_the_table_names(
    shop: Shop, identities: Identities, mode: str, name: str
) -> None:
    use, is_production = META[mode][name], mode == "production"
    app = app_of(shop, authentication=identities.authentication, is_production=is_production)

    for who in EVERYBODY:
        status, body = await answer(app, identities, who, use.text)

        if who in (NOBODY, EXPIRED):
            assert (status, codes(body)) == (401, ["UNAUTHENTICATED"]), who
        elif who not in use.may:
            assert (codes(body), body["data"]) == (["FORBIDDEN"], None), who
        else:
            assert codes(body) == [], who


async def test_production_has_fewer_routes_and_no_others(shop: Shop, app: Starlette) -> None:
    there = set(paths_of(app_of(shop, is_production=True).routes))

    assert there == set(paths_of(app.routes)) - ONLY_IN_DEVELOPMENT


async def test_every_route_is_open_or_a_door_in_the_table(app: Starlette) -> None:
    paths = set(paths_of(app.routes))

    doors = {one for found in ROUTES.values() if isinstance(found, tuple) for one in found}
    assert doors == set(DOORS)
    closed = {path for path, found in ROUTES.items() if isinstance(found, tuple)}
    assert paths - closed == set(OPEN)


@pytest.mark.parametrize("name", FIELDS)
async def test_a_field_is_for_those_whom_the_table_names(
    shop: Shop, app: Starlette, identities: Identities, name: str
) -> None:
    use = FIELDS[name]
    product, gone = await shop.put(10, 10)
    batch = await own_batch(shop, app, identities, product)
    text = use.text % {"product": product, "gone": gone, "batch": batch}
    absent = use.text % {"product": product, "gone": gone, "batch": UNKNOWN_ID}

    for who in EVERYBODY:
        status, body = await answer(app, identities, who, text)

        if who in (NOBODY, EXPIRED):
            assert (status, codes(body)) == (401, ["UNAUTHENTICATED"]), who
        elif who not in use.may:
            assert codes(body) == ["FORBIDDEN"], who
            assert not any((body["data"] or {}).values()), who
        elif use.is_own and who == ANOTHER:
            _, unknown = await answer(app, identities, who, absent)
            assert json.dumps(body).replace(batch, UNKNOWN_ID) == json.dumps(unknown)
        else:
            assert not {"UNAUTHENTICATED", "FORBIDDEN"} & set(codes(body)), who


async def test_a_list_of_batches_has_those_of_the_caller(
    shop: Shop, app: Starlette, identities: Identities
) -> None:
    (product,) = await shop.put(10)
    batch = await own_batch(shop, app, identities, product)
    query = "{batchOperations{totalCount edges{node{id}}}}"

    seen = {
        who: (await answer(app, identities, who, query))[1]["data"]["batchOperations"]
        for who in WRITERS
    }

    its_own = {"totalCount": 1, "edges": [{"node": {"id": batch}}]}
    assert seen == {
        OPERATOR: its_own,
        ANOTHER: {"totalCount": 0, "edges": []},
        ADMIN: its_own,
    }


@pytest.mark.parametrize("door", Door, ids=lambda door: door.name)
async def test_a_door_is_for_those_whom_the_table_names(
    shop: Shop, app: Starlette, identities: Identities, door: Door
) -> None:
    (product,) = await shop.put(10)
    batch = await own_batch(shop, app, identities, product)

    for who in EVERYBODY:
        if door is Door.REST_CANCEL:  # one that waits, which the last one has not cancelled
            batch = await waiting_batch(app, identities, product)
        sent = well_formed(door, product, batch)
        before = shop.stocks()
        headers = tuple(identities.headers(who).items())
        got = await reply(app, door, replace(sent, headers=(*sent.headers, *headers)))
        await work_off(shop)

        if who in DOORS[door]:
            assert got.code is None, who
            continue
        assert shop.stocks() == before, who
        if door is Door.WEBSOCKET and who in (NOBODY, EXPIRED):
            assert (got.status, got.code) == (4403, "CLOSED"), who
        elif who in (NOBODY, EXPIRED):
            assert (got.status, got.code) == (401, "UNAUTHENTICATED"), who
        elif who == ANOTHER:
            assert (got.status, got.code) == (404, "NOT_FOUND"), who
        else:
            assert got.code == "FORBIDDEN", who
            assert got.status == (403 if door in REST else got.status), who


async def test_a_key_is_per_caller(shop: Shop, app: Starlette, identities: Identities) -> None:
    (product,) = await shop.put(10)
    query = (
        "mutation($i:[StockUpdateInput!]!)"
        '{batchUpdateStock(updates:$i,idempotencyKey:"k"){success}}'
    )
    items = [{"productId": product, "quantity": 1}]

    for who in (OPERATOR, ANOTHER, OPERATOR, ANOTHER):
        assert codes((await answer(app, identities, who, query, i=items))[1]) == []

    assert shop.stocks() == {product: 12}


async def test_batches_of_a_server_that_knew_nobody_are_the_admins(
    shop: Shop, app: Starlette, identities: Identities
) -> None:
    (product,) = await shop.put(10)
    before = app_of(shop)
    items = {"updates": [{"productId": product, "quantity": 1}]}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(before), base_url="http://test"
    ) as client:
        sent = await client.post("/api/batches/batch-update-stock", json=items)
    batch = sent.json()["batchId"]

    for who, status in {OPERATOR: 404, ADMIN: 200}.items():
        async with client_of(app, identities, who) as client:
            assert (await client.get(f"/api/batches/{batch}")).status_code == status


async def test_the_refusal_says_how_to_mend_it(app: Starlette, identities: Identities) -> None:
    bodies = {}
    headers = {"none": {}, "basic": {"authorization": "Basic YTpi"}, "wrong": {}}
    headers["wrong"] = {"authorization": "Bearer sb_wrong"}
    for name, sent in headers.items():
        async with client_of(app, identities, NOBODY) as client:
            response = await client.post("/graphql", json={"query": "{__typename}"}, headers=sent)
        assert response.headers["WWW-Authenticate"] == "Bearer"
        bodies[name] = response.json()["errors"][0]["message"]

    assert bodies == {
        "none": "Say who you are: send the header Authorization: Bearer …",
        "basic": "The header Authorization must have the form: Bearer KEY-OR-TOKEN.",
        "wrong": "There is no such API key.",
    }


@pytest.mark.parametrize("door", REST, ids=lambda door: door.name)
async def test_a_caller_without_a_role_may_do_nothing(
    shop: Shop,
    app: Starlette,
    identities: Identities,
    monkeypatch: pytest.MonkeyPatch,
    door: Door,
) -> None:
    (product,) = await shop.put(10)
    batch = await own_batch(shop, app, identities, product)
    before = everything(shop)

    async def of_no_role(_self: Authentication, _credential: str) -> Caller:
        return Caller(name="issuer|somebody", role=None)

    monkeypatch.setattr(Authentication, "_caller_of", of_no_role)
    sent = well_formed(door, product, batch)
    headers = tuple(identities.headers(ADMIN).items())
    got = await reply(app, door, replace(sent, headers=(*sent.headers, *headers)))

    assert (got.status, got.code) == (403, "FORBIDDEN")
    assert everything(shop) == before
