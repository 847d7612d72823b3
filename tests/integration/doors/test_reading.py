"""What is long is read in threads, in which callers take turns: at every door."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from server.reading import READING_ROOM
from server.web import json_value
from server.web.body import LARGE
from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.doors import app_of
from tests.support.web.listening import Listening, listening
from tests.support.web.talking import talking

CALLER = "127.0.0.1"  # as which all of these tests call
UPDATE = "mutation ($u: [StockUpdateInput!]!) { batchUpdateStock(updates: $u) { success } }"
MANY = [{"productId": UNKNOWN_ID, "quantity": 1}] * 2_000
FAULTY: list[dict[str, Any]] = [{"productId": 1, "quantity": 1}] * 600  # no plan reads these
UPDATE_STOCK = "/api/batches/batch-update-stock"
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "GraphQL, a long text": ("/graphql", {"query": "LONG"}),
    "GraphQL, a large body": ("/graphql", {"query": UPDATE, "variables": {"u": MANY}}),
    "GraphQL, large variables": ("/graphql", {"query": UPDATE, "variables": {"u": FAULTY}}),
    "REST, a large body": (UPDATE_STOCK, {"updates": MANY}),
    "Convex, a large body": (
        "/api/mutation",
        {"path": "batchUpdateStock", "args": {"updates": MANY}},
    ),
}


@pytest.fixture
async def busy(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Let something be read for the caller, for as long as the test lasts."""
    begins, ends = threading.Event(), threading.Event()

    def work() -> None:
        begins.set()
        ends.wait()

    reading = asyncio.create_task(READING_ROOM.read(CALLER, work))
    await asyncio.to_thread(begins.wait)
    monkeypatch.setattr(READING_ROOM, "_patience_seconds", 0.01)
    yield
    ends.set()
    await reading


def long_text() -> str:
    """Return a text that the server has not seen."""
    return f"{{ __typename #{uuid4().hex}{'x' * 600}\n }}"


async def post(shop: Shop, path: str, body: dict[str, Any]) -> httpx.Response:
    if body.get("query") == "LONG":
        body = {"query": long_text()}
    async with shop.http() as client:
        return await client.post(path, json=body)


@pytest.mark.parametrize("what", REQUESTS)
async def test_a_request_whose_text_cannot_be_read_in_time_is_refused(
    shop: Shop, busy: None, what: str
) -> None:
    answer = await post(shop, *REQUESTS[what])

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert "OVERLOADED" in answer.text
    assert not await shop.ledger()


@pytest.mark.parametrize("what", REQUESTS)
async def test_the_same_request_is_taken_when_there_is_time(shop: Shop, what: str) -> None:
    answer = await post(shop, *REQUESTS[what])

    assert answer.is_success
    assert "OVERLOADED" not in answer.text


@pytest.fixture
async def server(shop: Shop) -> AsyncIterator[Listening]:
    async with listening(app_of(shop)) as opened:
        yield opened


async def test_an_operation_over_websocket_is_refused_in_its_own_form(
    server: Listening, busy: None
) -> None:
    async with talking(server.port) as talk:
        await talk.greet()
        await talk.subscribe(long_text())
        refused = await talk.hear()
        await talk.subscribe("{ __typename }", "2")
        answered = await talk.hear()

    (error,) = refused["payload"]
    assert (refused["type"], refused["id"]) == ("error", "1")
    assert error["extensions"] == {"code": "OVERLOADED", "retryAfterSeconds": 1}
    assert answered["payload"] == {"data": {"__typename": "Query"}}


async def test_a_long_subscription_is_refused_in_its_own_form(
    server: Listening, busy: None
) -> None:
    text = f'subscription {{ batchProgress(id: "{UNKNOWN_ID}") {{ id }} }} #{"x" * 600}'

    async with talking(server.port) as talk:
        await talk.greet()
        await talk.subscribe(text)
        refused = await talk.hear()

    assert refused["type"] == "error"
    assert refused["payload"][0]["extensions"]["code"] == "OVERLOADED"


async def test_a_message_that_cannot_be_read_in_time_ends_the_connection(
    server: Listening, busy: None
) -> None:
    async with talking(server.port) as talk:
        await talk.greet()
        await talk.send({"type": "ping", "payload": {"x": "x" * LARGE}})

        code, reason = await talk.closed()

    assert code == 1013
    assert reason
    assert "try" in reason or "again" in reason


async def test_a_large_message_is_read_in_a_thread(
    server: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []
    parse = json_value.parse

    def noted(text: str) -> Any:
        threads.append(threading.current_thread())
        return parse(text)

    monkeypatch.setattr(json_value, "parse", noted)
    async with talking(server.port) as talk:
        await talk.greet()
        for size in (10, LARGE):
            await talk.send({"type": "ping", "payload": {"x": "x" * size}})
            assert await talk.hear() == {"type": "pong"}
        await talk.send(json.dumps({"type": "ping", "payload": {"x": "x" * LARGE}})[:-1])
        code, reason = await talk.closed()

    assert [one is threading.main_thread() for one in threads] == [True, True, False, False]
    assert code == 4400
    assert reason
    assert reason.startswith("The message is not JSON: ")


@pytest.mark.parametrize(
    "text",
    ['mutation "' + '\\"' * 20_000, 'mutation """\n' + '\\"""\n' * 8_000],
    ids=["a text", "a long text"],
)
async def test_a_text_that_is_not_closed_is_looked_through_once(shop: Shop, text: str) -> None:
    async with asyncio.timeout(10):  # a tenth of a second is enough; before, a minute was not
        answer = await shop.graphql(text)

    assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"
