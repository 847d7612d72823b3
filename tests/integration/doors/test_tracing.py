"""Spans: a request, its chunks, their commands; and nothing in them that a caller has sent."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from opentelemetry.trace import StatusCode

from server.assembly import Sizes
from server.batches.engine.sharing.group_commit import GroupLimits
from server.domain.options import BatchOptions
from server.kinds.update_stock.declaration import UPDATE_STOCK
from server.kinds.update_stock.rules import stock_item
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.batch_work import submit, work_off
from tests.support.batches.grouping import NEVER, hold_next, in_line, reached
from tests.support.batches.pausing import PausingRunner
from tests.support.shop import Shop, open_shop
from tests.support.spans import (
    TRACE,
    TRACEPARENT,
    Spans,
    attributes_of,
    id_of,
    linked,
    trace_of,
)
from tests.support.web.doors import Door, Sent, app_of, reply, well_formed

ATTRIBUTES = {  # that a span may have, and the values of those that are no number
    "stockbatch.door": {"graphql", "websocket", "rest", "convex"},
    "stockbatch.code": None,
    "stockbatch.mutation": None,
    "stockbatch.kind": None,
    "stockbatch.items": int,
    "db.system.name": {"mongodb"},
    "db.namespace": None,
    "db.operation.name": None,
    "db.collection.name": None,
    "error.type": None,
}
CHUNK = ["find products", "update products", "insert stockUpdates"]


@pytest.fixture
def spans() -> Spans:
    return Spans()


@pytest.fixture
async def shop(
    mongod: EmbeddedMongod, driver_name: DriverName, spans: Spans
) -> AsyncIterator[Shop]:
    async with open_shop(mongod.uri, driver_name, tracer=spans.tracer) as opened:
        yield opened


def traced(sent: Sent, header: str = TRACEPARENT) -> Sent:
    return sent.with_header("traceparent", header)


@pytest.mark.parametrize(
    "door", [Door.GRAPHQL_POST, Door.WEBSOCKET, Door.CONVEX_MUTATION], ids=lambda door: door.name
)
async def test_a_request_is_a_trace_down_to_its_commands(
    shop: Shop, spans: Spans, door: Door
) -> None:
    (product,) = await shop.put(10)

    await reply(app_of(shop), door, traced(well_formed(door, product, "")))

    (request,) = spans.named("request ")
    (chunk,) = spans.named("chunk ")
    assert request.parent is not None
    assert (trace_of(request), request.parent.is_remote) == (TRACE, True)
    assert spans.below(request) == ["chunk batchUpdateStock"]
    commands = spans.below(chunk)
    assert [one for one in commands if one in CHUNK] == CHUNK
    assert commands[-1].startswith("commitTransaction ")
    assert {trace_of(span) for span in spans.all()} == {TRACE}
    assert attributes_of(request)["stockbatch.code"] == "OK"
    assert attributes_of(chunk) == {
        "stockbatch.mutation": "batchUpdateStock",
        "stockbatch.items": 1,
    }


@pytest.mark.parametrize("arguments", ['idempotencyKey:"k"', "options:{atomic:true}", ""])
async def test_however_a_chunk_is_run_it_belongs_to_its_request(
    shop: Shop, spans: Spans, arguments: str
) -> None:
    (product,) = await shop.put(10)
    kind = "batchCreateProducts" if "atomic" in arguments else "batchUpdateStock"
    items = f'updates:[{{productId:"{product}",quantity:1}}]'
    if "atomic" in arguments:
        items = 'products:[{name:"a",price:1,stock:1,category:"c"}]'
    asked = "{outcome}" if "atomic" in arguments else "{success}"

    await shop_post(shop, f"mutation{{{kind}({items} {arguments}){asked}}}")

    (request,) = spans.named("request ")
    chunks = spans.named(f"chunk {kind}")
    assert chunks
    assert {trace_of(chunk) for chunk in chunks} == {trace_of(request)}


async def shop_post(shop: Shop, text: str, header: str = TRACEPARENT) -> Any:
    body = json.dumps({"query": text}).encode()
    headers = (("content-type", "application/json"),)
    sent = Sent(method="POST", path="/graphql", headers=headers, body=body)
    return await reply(app_of(shop), Door.GRAPHQL_POST, traced(sent, header))


@pytest.mark.parametrize("header", ["", "nonsense", "00-" + "0" * 32 + "-b7ad6b7169203331-01"])
async def test_a_header_that_is_no_trace_begins_one(shop: Shop, spans: Spans, header: str) -> None:
    assert (await shop_post(shop, "{__typename}", header)).code is None

    (request,) = spans.named("request ")
    assert request.parent is None
    assert trace_of(request) not in (TRACE, "0" * 32)


async def test_two_headers_begin_a_trace_as_well(shop: Shop, spans: Spans) -> None:
    sent = well_formed(Door.GRAPHQL_GET, "1", "").with_header(
        "traceparent", TRACEPARENT, TRACEPARENT
    )

    await reply(app_of(shop), Door.GRAPHQL_GET, sent)

    assert spans.named("request ")[0].parent is None


async def test_requests_that_share_a_transaction_are_linked(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    spans, sizes = Spans(), Sizes(groups=GroupLimits(seconds=NEVER))
    async with open_shop(
        mongod.uri, driver_name, sizes=sizes, runner=PausingRunner, tracer=spans.tracer
    ) as shop:
        ids = await shop.put(10, 10, 10)

        async def request(product: str) -> Any:
            with spans.tracer.request("graphql", None):
                items = [stock_item(0, product, 1)]
                return await shop.engine.run(UPDATE_STOCK.work(), items, BatchOptions())

        gate = hold_next(shop)
        first = await in_line(request(ids[0]))
        await reached(gate)
        others = await in_line(request(ids[1]), request(ids[2]))
        gate.opened.set()
        for task in [*first, *others]:
            await task

    alone, shared = spans.named("chunk ")
    requests = {trace_of(one): id_of(one) for one in spans.named("request ")}
    assert linked(alone) == []
    assert len(requests) == 3
    assert requests.pop(trace_of(alone))
    assert requests.pop(trace_of(shared))
    assert linked(shared) == list(requests.values())
    assert attributes_of(shared)["stockbatch.items"] == 2


async def test_a_background_batch_is_linked_to_its_submission(shop: Shop, spans: Spans) -> None:
    (product,) = await shop.put(10)
    item = f'{{productId:"{product}",quantity:1}}'
    await shop_post(
        shop, f"mutation{{submitBatch(operation:{{updateStock:{{updates:[{item}]}}}}){{id}}}}"
    )
    (request,) = spans.named("request ")

    await work_off(shop)

    (run,) = spans.named("stored chunk ")
    assert run.parent is None
    assert trace_of(run) != TRACE
    assert linked(run) == [id_of(request)]
    assert "chunk batchUpdateStock" in spans.below(run)
    (stored,) = shop.admin[shop.database]["batchOperations"].find()
    assert stored["trace"] == f"00-{TRACE}-{id_of(request):016x}-01"
    assert product not in json.dumps([attributes_of(span) for span in spans.all()])


async def test_a_batch_of_a_server_that_traces_nothing_has_no_link(
    mongod: EmbeddedMongod, driver_name: DriverName, shop: Shop, spans: Spans
) -> None:
    (product,) = await shop.put(10)
    async with open_shop(mongod.uri, driver_name, database=shop.database) as untraced:
        await submit(untraced, [{"productId": product, "quantity": 1}])
    (stored,) = shop.admin[shop.database]["batchOperations"].find()

    await work_off(shop)

    assert "trace" not in stored
    assert linked(*spans.named("stored chunk ")) == []


async def test_what_nobody_waits_for_has_no_spans(shop: Shop, spans: Spans) -> None:
    assert not await shop.assembly.worker.run_once()
    await shop.put(1)

    assert spans.all() == ()


@pytest.mark.parametrize("door", Door, ids=lambda door: door.name)
async def test_no_span_has_a_value_that_a_caller_has_sent(
    shop: Shop, spans: Spans, door: Door
) -> None:
    (product,) = await shop.put(10)
    batch = await submit(shop, [{"productId": product, "quantity": 7}])
    await work_off(shop)
    app = app_of(shop)
    sent = traced(well_formed(door, product, batch)).with_header("x-request-id", "zz-sent-zz")
    faulty = (
        sent
        if door is Door.WEBSOCKET
        else Sent(
            method=sent.method,
            path=sent.path,
            query="token=zz-sent-zz",
            headers=sent.headers,
            body=b'{"zz-sent-zz',
        )
    )

    await reply(app, door, sent)
    await reply(app, door, faulty)
    with shop.failing("find", mode={"times": 1}, errorCode=8000):
        await reply(app, door, sent)
    await work_off(shop)

    assert spans.named("request ")
    for span in spans.all():
        text = span.to_json()
        assert not {*attributes_of(span)} - {*ATTRIBUTES}, span.name
        assert all(value not in text for value in ("zz-sent-zz", product, batch)), span.name
        assert span.events == ()
        assert span.status.description is None


async def test_a_command_that_fails_fails_its_span(shop: Shop, spans: Spans) -> None:
    with shop.failing("find", mode={"times": 1}, errorCode=8000):
        answer = await shop_post(shop, '{product(id:"000000000000000000000001"){id}}')

    (command,) = spans.named("find products")
    (request,) = spans.named("request ")
    assert answer.code == "INTERNAL"
    assert command.status.status_code is StatusCode.ERROR
    assert attributes_of(command)["error.type"] == "Location8000"
    assert attributes_of(request)["stockbatch.code"] == "INTERNAL"
    assert request.status.status_code is StatusCode.ERROR
