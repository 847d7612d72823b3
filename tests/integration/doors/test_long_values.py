"""What a caller sends is shown cut, however long it is and wherever it stands, at every door."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import pytest

from server.domain.errors import LONGEST_SHOWN, cut
from tests.support.batches.batch_work import work_off
from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.doors import app_of
from tests.support.web.listening import Listening, listening
from tests.support.web.talking import talking

LONG = "q" * 30_000  # less than a line may have; nothing else has as many of a letter in a row
MOST = 600  # of them in a row: a message of GraphQL's has 500 characters at most
MOST_CHARACTERS = 5_000  # of an answer
FAILED = "index productId error { message path } errors { message path }"
UPDATE = (
    "mutation ($u: [StockUpdateInput!]!, $k: String) { batchUpdateStock(updates: $u, "
    "idempotencyKey: $k) { index productId success error { message path } } }"
)
ITEMS: Mapping[str, dict[str, Any]] = {
    "an id": {"productId": LONG, "quantity": 1},
    "a value": {"productId": UNKNOWN_ID, "quantity": LONG},
    "a name": {"productId": UNKNOWN_ID, "quantity": 1, LONG: 1},
    "a value in a list": {"productId": UNKNOWN_ID, "quantity": [[LONG]]},
    "an id in a list": {"productId": [LONG], "quantity": 1},
    "ids in a list": {"productId": ["q" * 30] * 30, "quantity": 1},
}
NAMED = {"name": LONG, "category": LONG, "price": 1, "stock": 1}
WRITES: Mapping[str, tuple[str, Any]] = {
    "batchDiscontinueProducts(productIds: $l) { failures { FAILED } }": ("[ID!]!", [LONG]),
    "batchDeleteProducts(deletes: $l) { failed { FAILED } }": (
        "[DeleteProductInput!]!",
        [{"productId": LONG}],
    ),
    "batchUpdateProducts(updates: $l) { failed { FAILED } }": (
        "[UpdateProductInput!]!",
        [{"productId": LONG, "data": {"name": LONG, "category": LONG}}],
    ),
    "batchCreateProducts(products: $l) { failed { FAILED } }": (
        "[CreateProductInput!]!",
        [{"id": LONG, **NAMED}],
    ),
}
FILTERS: Mapping[str, Any] = {
    "products(filter: {namePrefix: $v}) { totalCount }": "String",
    "products(filter: {nameContains: $v}) { totalCount }": "String",
    "products(filter: {category: $v}) { totalCount }": "String",
    "products(filter: {ids: [$v]}) { totalCount }": "ID!",
    "products(after: $v) { totalCount }": "String",
    "stockUpdates(filter: {productId: $v}) { totalCount }": "ID",
    "stockUpdates(filter: {batchId: $v}) { totalCount }": "ID",
    "stockUpdates(filter: {since: $v}) { totalCount }": "DateTime",
    "stockUpdates(filter: {status: $v}) { totalCount }": "StockUpdateStatus",
    "product(id: $v) { id }": "ID!",
    "batchOperation(id: $v) { id }": "ID!",
}


def graphql() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield requests with a long value, each in another place."""
    for what, item in ITEMS.items():
        yield f"{what} of an item", {"query": UPDATE, "variables": {"u": [item]}}
    yield "a key", {"query": UPDATE, "variables": {"u": [], "k": LONG}}
    for field, (kind, items) in WRITES.items():
        text = f"mutation ($l: {kind}) {{ {field.replace('FAILED', FAILED)} }}"
        yield field.partition("(")[0], {"query": text, "variables": {"l": items}}
    for field, kind in FILTERS.items():
        yield (
            field.partition(")")[0],
            {
                "query": f"query ($v: {kind}) {{ {field} }}",
                "variables": {"v": LONG},
            },
        )
    for operation in (
        {LONG: 1},
        {"updatePrice": {"productIds": [UNKNOWN_ID], "newPrice": LONG}},
        {"updatePrice": {"productIds": [], "newPrice": 1, LONG: 1}},
    ):
        text = "mutation ($o: BatchOperationInput!) { submitBatch(operation: $o) { id } }"
        what = f"submitBatch {json.dumps(operation)[:50]}"
        yield what, {"query": text, "variables": {"o": operation}}
    yield "an operation's name", {"query": "query A { __typename }", "operationName": LONG}
    yield "a batch", {"query": f'mutation {{ cancelBatch(id: "{LONG}") {{ id }} }}'}
    for text in (
        f"{{ {LONG} }}",
        f"{{ product(id: {LONG}) {{ id }} }}",
        f'{{ product(id: "1", {LONG}: 1) {{ id }} }}',
        f'{{ product(id: "1") {{ {LONG} }} }}',
        f"{{ ...{LONG} }}",
        f"{{ __typename @{LONG} }}",
        f"query (${LONG}: Int) {{ __typename }}",
        f"query ($a: {LONG}) {{ __typename }}",
        f"fragment {LONG} on Query {{ __typename }} {{ __typename }}",
        f"fragment F on {LONG} {{ __typename }} {{ __typename ...F }}",
        f"{LONG} {{ __typename }}",
    ):
        yield f"the text {text[:30]}", {"query": text}


GRAPHQL = dict(graphql())
REST: Mapping[str, tuple[str, dict[str, Any]]] = {
    **{what: ("update-stock", {"updates": [item]}) for what, item in ITEMS.items()},
    "a key": ("update-stock", {LONG: 1}),
    "a size": ("update-stock", {"updates": [ITEMS["a value"]], "batchSize": LONG}),
    "a price": ("update-price", {"productIds": [LONG], "newPrice": LONG}),
    "an expiry": ("create-products", {"products": [NAMED], "expireIn": LONG}),
    "a name in the data": (
        "update-products",
        {"updates": [{"productId": LONG, "data": {LONG: LONG}}]},
    ),
}
CONVEX: Mapping[str, dict[str, Any]] = {
    "a path": {"path": LONG, "args": {}},
    "a format": {"path": "batchUpdateStock", "format": LONG, "args": {}},
    "an argument": {"path": "batchUpdateStock", "args": {LONG: 1}},
    "a place": {"path": "batchUpdateStock", "args": {"updates": [{LONG: {LONG: {"$x": 1}}}]}},
    "a name with a dollar": {"path": "batchUpdateStock", "args": {"updates": [{f"${LONG}": 1}]}},
    "an integer": {"path": "batchUpdateStock", "args": {"updates": [{"$integer": LONG}]}},
    "a batch": {"path": "cancelBatch", "args": {"id": LONG}},
    **{
        what: {"path": "batchUpdateStock", "args": {"updates": [item]}}
        for what, item in ITEMS.items()
    },
}


def assert_is_cut(text: str) -> None:
    assert "q" * MOST not in text
    assert len(text) < MOST_CHARACTERS


def whole(response: httpx.Response) -> str:
    """Return the headers and the body of an answer."""
    return f"{dict(response.headers)} {response.text}"


@pytest.mark.parametrize("place", GRAPHQL)
async def test_graphql_shows_a_long_value_cut(
    shop: Shop, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = await shop.post(json.dumps(GRAPHQL[place]))

    assert_is_cut(whole(response))
    assert_is_cut(caplog.text)


@pytest.mark.parametrize("place", REST)
async def test_rest_shows_a_long_value_cut(
    shop: Shop, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    path, body = REST[place]
    kind = f"/api/batches/batch-{path}"
    list_of = next((name for name, value in body.items() if isinstance(value, list)), "updates")
    lines = "".join(f"{json.dumps(item)}\n" for item in body.get(list_of, [body]))
    json_, ndjson = {"content-type": "application/json"}, {"content-type": "application/x-ndjson"}

    async with shop.http() as client:
        answers = [
            await client.post(kind, json=body, headers=json_),
            await client.post(kind, content=lines, headers=ndjson),
        ]
        for answer in answers:
            assert_is_cut(whole(answer))
        await work_off(shop)
        for answer in answers:
            if answer.is_success:
                assert_is_cut(whole(await client.get(answer.headers["location"])))
                await assert_results_are_cut(client, answer.headers["location"])
    assert_is_cut(caplog.text)


async def assert_results_are_cut(client: httpx.AsyncClient, batch: str) -> None:
    """Check the rows of a file, in which the item itself is as it was sent."""
    rows = (await client.get(f"{batch}/results?format=ndjson")).text
    assert_is_cut(json.dumps([json.loads(row)["result"] for row in rows.splitlines()]))
    table = (await client.get(f"{batch}/results?format=csv")).text
    assert table.count("q" * MOST) == rows.count("q" * MOST)


@pytest.mark.parametrize(
    "file",
    [
        f"productId,quantity\n{LONG},1\n",
        f"productId,quantity\n{UNKNOWN_ID},{LONG}\n",
        f"productId,{LONG}\n{UNKNOWN_ID},1\n",
        f'productId,quantity\n"{LONG}"x,1\n',
    ],
    ids=["id", "quantity", "column", "no CSV"],
)
async def test_a_file_of_csv_is_shown_cut(shop: Shop, file: str) -> None:
    async with shop.http() as client:
        answer = await client.post(
            "/api/batches/batch-update-stock", content=file, headers={"content-type": "text/csv"}
        )
        assert_is_cut(whole(answer))
        await work_off(shop)
        if answer.is_success:
            assert_is_cut(whole(await client.get(answer.headers["location"])))
            await assert_results_are_cut(client, answer.headers["location"])


@pytest.mark.parametrize(
    "path",
    [
        "/api/batches/LONG",
        "/api/batches/batch-update-stock?LONG=1",
        "/api/batches/batch-update-stock?batchSize=LONG",
        "/api/batches/batch-update-stock?LONG=1&LONG=2",
        "/api/batches/BATCH?results=LONG",
        "/api/batches/BATCH/results?format=LONG",
        "/graphql?query={__typename}&operationName=LONG",
        "/graphql?query={__typename}&variables=LONG",
        "/LONG",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_long_path_or_parameter_is_shown_cut(shop: Shop, path: str, method: str) -> None:
    async with shop.http() as client:
        url = path.replace("LONG", LONG[:10_000]).replace("BATCH", UNKNOWN_ID)
        answer = await client.request(method, url, headers={"content-type": "text/csv"})

    assert_is_cut(whole(answer))


@pytest.mark.parametrize("name", ["Idempotency-Key", "Content-Type", "Accept", "X-Request-Id"])
async def test_a_long_header_is_shown_cut(shop: Shop, name: str) -> None:
    headers = {"content-type": "application/json", name: LONG[:10_000]}

    async with shop.http() as client:
        for path in ("/graphql", "/api/mutation", "/api/batches/batch-update-stock"):
            assert_is_cut(whole(await client.post(path, content="{}", headers=headers)))


@pytest.mark.parametrize("place", CONVEX)
async def test_convex_shows_a_long_value_cut(shop: Shop, place: str) -> None:
    async with shop.http() as client:
        answer = await client.post("/api/mutation", json=CONVEX[place])

    assert_is_cut(whole(answer))


@pytest.fixture
async def server(shop: Shop) -> AsyncIterator[Listening]:
    async with listening(app_of(shop)) as opened:
        yield opened


@pytest.mark.parametrize("place", GRAPHQL)
async def test_a_websocket_shows_a_long_value_cut(server: Listening, place: str) -> None:
    async with talking(server.port) as talk:
        await talk.greet()
        await talk.send({"id": "1", "type": "subscribe", "payload": GRAPHQL[place]})

        assert_is_cut(json.dumps(await talk.hear()))


@pytest.mark.parametrize(
    "message",
    [
        {"type": LONG},
        {"id": LONG, "type": "subscribe", "payload": {"query": "{ __typename }"}},
        {"type": "ping", "payload": LONG},
        {LONG: 1},
        [LONG],
        LONG,
        f'{{"type": "ping", "{LONG}": 1, "{LONG}": 2}}',
    ],
    ids=["type", "id", "payload", "name", "list", "no JSON", "twice"],
)
async def test_a_websocket_closes_with_a_short_reason(server: Listening, message: Any) -> None:
    async with talking(server.port) as talk:
        await talk.greet()
        await talk.send(message)

        code, reason = await talk.closed()

    assert code == 4400
    assert reason
    assert len(reason.encode()) <= 123


async def test_a_replay_shows_what_the_first_answer_showed(shop: Shop) -> None:
    items = [item for what, item in ITEMS.items() if what == "an id"]

    first = await shop.post_query(UPDATE, u=items, k="k")
    again = await shop.post_query(UPDATE, u=items, k="k")

    assert first["data"] == again["data"]
    assert first["data"]["batchUpdateStock"][0]["productId"] == cut(LONG)
    assert len(cut(LONG)) == LONGEST_SHOWN


async def test_an_id_of_any_spelling_is_never_cut(shop: Shop) -> None:
    (product,) = await shop.put(10)
    almost = "x" * LONGEST_SHOWN
    sent = [product.upper(), almost]

    found = await shop.ask(UPDATE, u=[{"productId": one, "quantity": 1} for one in sent])

    assert [one["productId"] for one in found] == sent
    assert [one["success"] for one in found] == [True, False]
