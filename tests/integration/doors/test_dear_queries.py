"""A query has its turn by what it costs, at every door."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse

from schema import schema
from server.web.admission.admission import Admission, Newcomer
from server.web.rest.download import download
from tests.support.batches.batch_work import plus_one, submit, work_off
from tests.support.shop import Shop
from tests.support.waiting import until
from tests.support.web.doors import Door, Reply, Sent, app_of, reply, well_formed
from tests.support.web.full_lanes import LARGE, SMALL, full

READS = (
    Door.GRAPHQL_POST, Door.GRAPHQL_GET, Door.WEBSOCKET, Door.CONVEX_QUERY, Door.REST_PROGRESS,
)  # fmt: skip
DISGUISED = "# subscription\n{ subscription: %s }"
RESULTS = 240


def asked(door: Door, batch: str, size: int) -> Sent:
    """Return a request that reads so many entries."""
    text = f"{{ products(first: {size}) {{ edges {{ cursor }} }} }}"
    sent = well_formed(door, "", batch)
    match door:
        case Door.GRAPHQL_POST:
            return replace(sent, body=json.dumps({"query": text}).encode())
        case Door.GRAPHQL_GET:
            return replace(sent, query=f"query={quote(text)}")
        case Door.WEBSOCKET:
            return over_websocket(text)
        case Door.CONVEX_QUERY:
            options = {"paginationOpts": {"numItems": size, "cursor": None}}
            call = {"path": "products", "args": options}
            return replace(sent, body=json.dumps(call).encode())
    return replace(sent, query="" if size > 1 else "results=false")


def over_websocket(text: str, **payload: Any) -> Sent:
    message = {"id": "1", "type": "subscribe", "payload": {"query": text, **payload}}
    return Sent(method="GET", path="/graphql", body=json.dumps(message).encode())


async def replies(app: Any, batch: str, size: int) -> Mapping[Door, str | None]:
    found: dict[Door, Reply] = {
        door: await reply(app, door, asked(door, batch, size)) for door in READS
    }
    over_http = [one for one in found.values() if one.status == 503]
    assert all(one.retry_after for one in over_http)
    assert len(over_http) in (0, len(READS) - 1)
    return {door: one.code for door, one in found.items()}


async def test_a_dear_query_waits_for_the_dear_ones_and_a_cheap_one_does_not(shop: Shop) -> None:
    schema.operations.forget()
    (product,) = await shop.put(10)
    batch = await submit(shop, plus_one([product] * RESULTS))
    await work_off(shop)
    admission = Admission(queue_seconds=0.01)
    app = app_of(shop, admission=admission)
    for _ in range(2):  # the second time, the texts are known
        async with full(admission, LARGE):
            assert await replies(app, batch, 1000) == dict.fromkeys(READS, "OVERLOADED")
            assert await replies(app, batch, 1) == dict.fromkeys(READS)
        assert await replies(app, batch, 1000) == dict.fromkeys(READS)
    assert admission.is_idle


@pytest.mark.parametrize("text", ["products(first: 1000) { edges { cursor } }"])
async def test_a_query_that_looks_like_a_subscription_waits_as_well(shop: Shop, text: str) -> None:
    admission = Admission(queue_seconds=0.01)
    app = app_of(shop, admission=admission)
    sent = over_websocket(DISGUISED % text)
    async with full(admission, LARGE):
        refused = await reply(app, Door.WEBSOCKET, sent)

    assert refused.code == "OVERLOADED"
    assert (await reply(app, Door.WEBSOCKET, sent)).code is None


@pytest.mark.parametrize("door", [Door.GRAPHQL_POST, Door.WEBSOCKET])
async def test_a_dear_query_that_is_known_needs_no_turn_among_the_cheap_ones(
    shop: Shop, door: Door
) -> None:
    schema.operations.forget()
    admission = Admission(queue_seconds=0.01)
    app = app_of(shop, admission=admission)
    sent = asked(door, "", 1000)
    async with full(admission, SMALL):
        new = await reply(app, door, sent)
    assert (await reply(app, door, sent)).code is None
    async with full(admission, SMALL):
        known = await reply(app, door, sent)

    assert (new.code, known.code) == ("OVERLOADED", None)


async def test_the_size_of_a_page_counts_also_if_it_is_in_a_variable(shop: Shop) -> None:
    admission = Admission(queue_seconds=0.01)
    app = app_of(shop, admission=admission)
    text = "query ($n: Int) { products(first: $n) { edges { cursor } } }"
    codes = []
    async with full(admission, LARGE):
        for size in (1, 1000, 1, 1000):
            body = json.dumps({"query": text, "variables": {"n": size}}).encode()
            sent = replace(well_formed(Door.GRAPHQL_POST, "", ""), body=body)
            codes.append((await reply(app, Door.GRAPHQL_POST, sent)).code)

    assert codes == [None, "OVERLOADED", None, "OVERLOADED"]


@pytest.mark.parametrize("known", [False, True])
async def test_a_query_that_costs_too_much_is_refused_whoever_else_waits(
    shop: Shop, known: bool
) -> None:
    admission = Admission(queue_seconds=0.01)
    app = app_of(shop, admission=admission)
    results = "results(first: 100) { edges { cursor } }"
    text = (
        f"query ($n: Int) {{ batchOperations(first: $n) {{ edges {{ node {{ {results} }} }} }} }}"
    )
    schema.operations.forget()

    async def ask(size: int) -> Reply:
        body = json.dumps({"query": text, "variables": {"n": size}}).encode()
        sent = replace(well_formed(Door.GRAPHQL_POST, "", ""), body=body)
        return await reply(app, Door.GRAPHQL_POST, sent)

    if known:
        assert (await ask(1)).code is None
    async with full(admission, LARGE):
        assert (await ask(1000)).code == "QUERY_TOO_EXPENSIVE"


async def test_a_download_takes_its_turn_for_each_block_and_not_while_it_sends(shop: Shop) -> None:
    (product,) = await shop.put(10)
    batch = await submit(shop, plus_one([product] * 1200))
    await work_off(shop)
    admission = Admission()
    place = admission.admitted(Newcomer(caller="one", work=100))
    found = await shop.services.batches.by_id(batch)
    assert found is not None
    request = Request({"type": "http", "headers": [], "query_string": b""})

    answer = await download(request, found, shop.services.results, place)
    assert admission.is_idle
    assert isinstance(answer, StreamingResponse)
    pieces = []
    async for piece in answer.body_iterator:
        assert admission.is_idle
        pieces.append(piece)
        if len(pieces) == 1:
            async with full(admission, SMALL):
                reading = asyncio.ensure_future(anext(aiter(answer.body_iterator)))
                await until(lambda: admission.waiting == 1)
                assert not reading.done()
            pieces.append(await reading)

    assert [bytes(piece).count(b"\n") for piece in pieces] == [500, 500, 200]
    assert admission.is_idle
