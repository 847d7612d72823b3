"""A caller hangs up: a query ends, what has not begun never begins, and what has begun goes on."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from starlette.requests import Request

from schema import schema
from schema.limits.text import Texts
from server.mongo.batches.results import BatchResults
from server.mongo.products.product_reads import ProductReads
from server.web.admission import leaving
from server.web.admission.admission import Admission
from tests.support.batches.batch_work import plus_one, submit
from tests.support.batches.idempotent_calls import held
from tests.support.shop import Shop
from tests.support.waiting import WITHIN_SECONDS, until
from tests.support.web.doors import app_of
from tests.support.web.full_lanes import SMALL, full
from tests.support.web.listening import Listening, Peer, listening
from tests.support.web.talking import talking

pytestmark = pytest.mark.either_driver

UPDATE = (
    "mutation($u: [StockUpdateInput!]!{0}) {{ batchUpdateStock(updates: $u{1}) {{ success }} }}"
)


@pytest.fixture
def admission() -> Admission:
    return Admission(queue_seconds=60)


@pytest.fixture
async def server(shop: Shop, admission: Admission) -> AsyncIterator[Listening]:
    async with listening(app_of(shop, admission=admission)) as opened:
        yield opened


async def asked(server: Listening, path: str, content: dict[str, Any], *headers: str) -> Peer:
    body = json.dumps(content).encode()
    lines = [f"POST {path} HTTP/1.1", "host: x", "content-type: application/json", *headers,
             f"content-length: {len(body)}", "", ""]  # fmt: skip
    peer = await server.peer()
    await peer.send("\r\n".join(lines).encode() + body)
    return peer


def update(product: str, *, key: str | None = None) -> dict[str, Any]:
    variables: dict[str, Any] = {"u": [{"productId": product, "quantity": 5}]}
    if key is None:
        return {"query": UPDATE.format("", ""), "variables": variables}
    query = UPDATE.format(", $k: String", ", idempotencyKey: $k")
    return {"query": query, "variables": {**variables, "k": key}}


def convex(product: str) -> dict[str, Any]:
    item = {"productId": product, "quantity": 5}
    return {"path": "batchUpdateStock", "args": {"updates": [item]}}


CALLS = {"/graphql": update, "/api/mutation": convex}


@pytest.mark.parametrize("path", CALLS)
async def test_what_waits_never_begins_when_its_caller_has_left(
    shop: Shop, server: Listening, admission: Admission, path: str
) -> None:
    (one,) = await shop.put(10)
    async with full(admission, SMALL):
        peer = await asked(server, path, CALLS[path](one))
        await until(lambda: admission.waiting == 1)
        peer.writer.transport.abort()
        await until(lambda: admission.waiting == 0)

    await shop.engine.drain()
    assert shop.stocks() == {one: 10}
    assert shop.rows() == []


@pytest.mark.parametrize("where", ["argument", "header"])
async def test_a_request_with_a_key_goes_on_without_its_caller(
    shop: Shop, server: Listening, admission: Admission, where: str
) -> None:
    (one,) = await shop.put(10)
    headers = ["idempotency-key: k"] if where == "header" else []
    async with full(admission, SMALL):
        content = update(one, key=None if headers else "k")
        peer = await asked(server, "/graphql", content, *headers)
        await until(lambda: admission.waiting == 1)
        peer.writer.transport.abort()
        await until(lambda: not server.guard._connections)
        assert admission.waiting == 1

    await until(lambda: shop.stocks() == {one: 15})


CHANGES = (  # one after the other
    "query: batchUpdateStock(updates: $u) { success } "
    "then: batchUpdateStock(updates: $u) { success }"
)
MUTATIONS = {
    "plain": f"mutation ($u: [StockUpdateInput!]!) {{ {CHANGES} }}",
    "name": f"#query\nmutation query($u: [StockUpdateInput!]!) {{ {CHANGES} }}",
    "fragment": "fragment query on Mutation { "
    + CHANGES
    + " } mutation ($u: [StockUpdateInput!]!) { ...query }",
    "one of several": "query B { __typename } mutation A($u: [StockUpdateInput!]!) { "
    + CHANGES
    + " }",
}


@pytest.fixture
def noticed(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Return the event that a request, while it runs, has been found to have no caller."""
    event, left = asyncio.Event(), leaving.left

    async def noted(request: Request) -> None:
        await left(request)
        event.set()

    monkeypatch.setattr(leaving, "left", noted)
    return event


@pytest.mark.parametrize("sort", MUTATIONS)
async def test_what_has_begun_goes_on_without_its_caller(
    shop: Shop, server: Listening, noticed: asyncio.Event, sort: str
) -> None:
    schema.operations.forget()
    (one,) = await shop.put(10)
    content = update(one) | {"query": MUTATIONS[sort]}
    if sort == "one of several":
        content["operationName"] = "A"
    for stock in (20, 30):
        with held(shop, one):
            peer = await asked(server, "/graphql", content)
            await until(lambda: shop.engine.in_flight._tasks)
            peer.writer.transport.abort()
            await until(lambda: not server.guard._connections)
            if stock == 20:  # then the text is known, and its caller is not watched
                await soon(noticed)
                await turns_of_the_loop()

        await until(lambda stock=stock: shop.stocks() == {one: stock})  # type: ignore[misc]


@pytest.mark.parametrize("key", ["k", None])
async def test_a_mutation_whose_caller_leaves_while_its_text_is_read_goes_on_with_a_key_alone(
    shop: Shop,
    server: Listening,
    monkeypatch: pytest.MonkeyPatch,
    noticed: asyncio.Event,
    key: str | None,
) -> None:
    schema.operations.forget()
    (one,) = await shop.put(10)
    reading, may_go_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
    read = Texts.read

    async def slowly(*arguments: Any, **options: Any) -> Any:
        reading.set()
        try:
            await may_go_on.wait()
        finally:
            ended.set()
        return await read(*arguments, **options)

    monkeypatch.setattr(Texts, "read", slowly)
    peer = await asked(server, "/graphql", update(one, key=key))
    await soon(reading)
    peer.writer.transport.abort()
    await soon(noticed)
    await turns_of_the_loop()
    if key is None:
        await soon(ended)
        may_go_on.set()
        await shop.engine.drain()
        assert shop.stocks() == {one: 10}
    else:
        may_go_on.set()
        await until(lambda: shop.stocks() == {one: 15})


class _Stuck:
    """A read that does not end, and notes that it was cancelled."""

    def __init__(self) -> None:
        self.begun, self.ended = asyncio.Event(), asyncio.Event()

    async def read(self, *_: object, **__: object) -> Any:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> _Stuck:
    stuck = _Stuck()
    monkeypatch.setattr(ProductReads, "page", stuck.read)
    monkeypatch.setattr(BatchResults, "page", stuck.read)
    return stuck


LIST = "{ products { edges { cursor } } }"


async def by_get(server: Listening, path: str) -> Peer:
    peer = await server.peer()
    await peer.send(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
    return peer


@pytest.mark.parametrize("door", ["POST", "GET", "Convex", "REST"])
async def test_a_query_ends_with_its_caller(
    shop: Shop, server: Listening, stuck: _Stuck, door: str
) -> None:
    batch = await submit(shop, plus_one(await shop.put(1)))
    match door:
        case "POST":
            peer = await asked(server, "/graphql", {"query": LIST})
        case "GET":
            peer = await by_get(server, f"/graphql?query={quote(LIST)}")
        case "Convex":
            peer = await asked(server, "/api/query", {"path": "products", "args": {}})
        case _:
            peer = await by_get(server, f"/api/batches/{batch}")
    await soon(stuck.begun)

    peer.writer.transport.abort()

    await soon(stuck.ended)


FIELD = "products { edges { cursor } }"
FILTERED = "{{ products(filter: {{namePrefix: {0}}}) {{ edges {{ cursor }} }} }}"
QUERIES = {
    "plain": LIST,
    "alias": f"{{ mutation: {FIELD} }}",
    "name": f"query mutation {{ {FIELD} }}",
    "fragment": f"{{ ...mutation }} fragment mutation on Query {{ {FIELD} }}",
    "comment": f"#mutation {{\n{LIST}",
    "text": FILTERED.format('"mutation { \\" mutation {"'),
    "block": FILTERED.format('"""mutation { " \\""" mutation {"""'),
    "one of several": f"mutation A {{ __typename }} query B {{ {FIELD} }}",
}


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("sort", QUERIES)
async def test_a_query_ends_with_its_caller_whatever_its_text_looks_like(
    server: Listening, monkeypatch: pytest.MonkeyPatch, sort: str, keyed: bool
) -> None:
    schema.operations.forget()
    name = {"operationName": "B"} if sort == "one of several" else {}
    headers = ["idempotency-key: k"] if keyed else []
    for _ in range(2):  # the second time, the text is known
        stuck = _Stuck()
        monkeypatch.setattr(ProductReads, "page", stuck.read)
        peer = await asked(server, "/graphql", {"query": QUERIES[sort], **name}, *headers)
        await soon(stuck.begun)

        peer.writer.transport.abort()

        await soon(stuck.ended)


async def test_a_query_with_a_key_whose_caller_leaves_before_it_is_read_ends(
    server: Listening, stuck: _Stuck, admission: Admission
) -> None:
    schema.operations.forget()
    async with full(admission, SMALL):
        peer = await asked(server, "/graphql", {"query": LIST}, "idempotency-key: k")
        await until(lambda: admission.waiting == 1)
        peer.writer.transport.abort()
        await until(lambda: not server.guard._connections)

    await until(lambda: admission.is_idle)


@pytest.mark.parametrize("end", ["complete", "close"])
async def test_a_query_over_a_websocket_ends_with_its_caller(
    server: Listening, stuck: _Stuck, end: str
) -> None:
    async with talking(server.port) as talk:
        await talk.greet()
        await talk.subscribe(LIST)
        await soon(stuck.begun)
        if end == "complete":
            await talk.send({"id": "1", "type": "complete"})
            await soon(stuck.ended)
    await soon(stuck.ended)


async def turns_of_the_loop() -> None:
    """Let what has been noticed have its effect."""
    for _ in range(20):
        await asyncio.sleep(0)


async def soon(event: asyncio.Event) -> None:
    await asyncio.wait_for(event.wait(), WITHIN_SECONDS)


async def test_a_query_whose_command_is_under_way_ends_as_well(
    shop: Shop, server: Listening
) -> None:
    replies: list[Any] = []
    shop.commands.on_reply = replies.append
    with shop.failing("find", mode="alwaysOn", blockConnection=True, blockTimeMS=5_000):
        peer = await asked(server, "/graphql", {"query": "{ products { totalCount } }"})
        await until(lambda: _executing() == 1)
        peer.writer.transport.abort()
        await until(lambda: _executing() == 0)
        assert replies == []  # the database still works on it, but nobody waits


def _executing() -> int:
    return sum("execute_single" in repr(task) for task in asyncio.all_tasks())
