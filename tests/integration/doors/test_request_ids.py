"""Every request has an id: in its answer, in its log lines, and in the faults of the server."""

import asyncio
import json
import logging
from collections.abc import Iterator

import pytest

from server.batches.stored.completion import Completion
from server.cli.serving.logs import CurrentFields, JsonFormatter
from server.domain.errors import DatabaseUnavailable
from server.domain.request_id import reset_request_id, set_request_id
from tests.support.batches.batch_work import plus_one, submit
from tests.support.batches.desk import A, B, Desk
from tests.support.batches.watching import watching
from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.waiting import until
from tests.support.web.doors import app_of
from tests.support.web.listening import listening
from tests.support.web.talking import talking

pytestmark = pytest.mark.either_driver

HEADER = "x-request-id"
FUNCTION = {"path": "products", "format": "json", "args": {}}
QUERY = {"query": "{ products { totalCount } }"}


@pytest.fixture(autouse=True)
def _ids(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Let the records have ids, as the server's own handler does."""
    adding = CurrentFields()
    caplog.set_level(logging.INFO)
    caplog.handler.addFilter(adding)
    yield
    caplog.handler.removeFilter(adding)


def ids(caplog: pytest.LogCaptureFixture, sentence: str) -> list[str | None]:
    """Return the ids of the lines with that sentence."""
    return [
        getattr(one, "request_id", None) for one in caplog.records if sentence in one.getMessage()
    ]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/graphql", QUERY),
        ("POST", "/graphql", {"query": "{ nonsense }"}),
        ("PUT", "/graphql", None),
        ("GET", f"/api/batches/{UNKNOWN_ID}", None),
        ("GET", "/api/nonsense", None),
        ("POST", "/api/query", FUNCTION),
        ("POST", "/api/query", {}),
        ("POST", "/api/action", {}),
    ],
)
async def test_every_answer_has_the_id_that_was_sent_or_a_new_one(
    shop: Shop, method: str, path: str, body: object
) -> None:
    async with shop.http() as client:
        sent = await client.request(method, path, json=body, headers={HEADER: "mine-1"})
        made = await client.request(method, path, json=body)
        insane = await client.request(method, path, json=body, headers={HEADER: "not mine"})
        double = [(HEADER, "one"), (HEADER, "two")]
        two = await client.request(method, path, json=body, headers=double)

    assert sent.headers.get_list(HEADER) == ["mine-1"]
    others = [one.headers[HEADER] for one in (made, insane, two)]
    assert [len(one) for one in others] == [32] * 3
    assert len({*others}) == 3


async def test_pages_of_other_origins_may_read_it(shop: Shop) -> None:
    async with shop.http() as client:
        answer = await client.post("/graphql", json=QUERY, headers={"origin": "http://a.example"})

    assert "X-Request-Id" in answer.headers["access-control-expose-headers"].split(", ")


async def test_the_log_lines_of_a_request_have_its_id(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    with shop.failing("find", "aggregate", mode="alwaysOn", errorCode=91):
        async with shop.http() as client:
            await client.post("/graphql", json=QUERY, headers={HEADER: "by-graphql"})
            path = f"/api/batches/{UNKNOWN_ID}"
            await client.get(path, headers={HEADER: "by-rest"})
            await client.post("/api/query", json=FUNCTION, headers={HEADER: "by-convex"})

    found = ids(caplog, "A request could not be answered")
    assert found == ["by-graphql", "by-rest", "by-convex"]


async def test_a_fault_of_the_server_names_its_request(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    with shop.failing("find", "aggregate", mode="alwaysOn", errorCode=8000):
        async with shop.http() as client:
            graphql = await client.post("/graphql", json=QUERY, headers={HEADER: "g"})
            path = f"/api/batches/{UNKNOWN_ID}"
            rest = await client.get(path, headers={HEADER: "r"})
        async with listening(app_of(shop)) as server, talking(server.port) as talk:
            await talk.greet()
            await talk.subscribe(QUERY["query"])
            answer = await talk.hear()

    (error,) = graphql.json()["errors"]
    assert error["extensions"]["requestId"] == "g"
    assert rest.json()["error"]["requestId"] == "r"
    (of_socket,) = answer["payload"]["errors"]
    found = ids(caplog, "A resolver failed")
    assert found == ["g", of_socket["extensions"]["requestId"]]
    assert ids(caplog, "A request failed") == ["r"]


async def test_requests_that_share_a_transaction_are_told_apart(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()
    desk.database.error = DatabaseUnavailable("it is away")
    tasks = []
    for name, product in (("first", A), ("second", B)):
        token = set_request_id(name)
        tasks.append(asyncio.create_task(_send(desk, product)))
        reset_request_id(token)
    await asyncio.gather(*tasks)

    assert ids(caplog, "A chunk of batchUpdateStock failed") == ["first,second"]


async def test_requests_that_run_alone_after_their_group_have_their_own_ids(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()
    desk.database.error = ZeroDivisionError("a bug")
    tasks = []
    for name, product in (("first", A), ("second", B)):
        token = set_request_id(name)
        tasks.append(asyncio.create_task(_send(desk, product)))
        reset_request_id(token)
    await asyncio.gather(*tasks)

    assert ids(caplog, "The transaction of 2 requests failed") == ["first,second"]
    assert sorted(map(str, ids(caplog, "A chunk of"))) == ["first", "second"]


async def _send(desk: Desk, product: str) -> None:
    await (await desk.send(product))


async def test_the_stream_that_serves_all_subscribers_is_no_request_s(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise DatabaseUnavailable("it is away")

    monkeypatch.setattr(shop.services.progress._changes, "stream", broken)
    batch = await submit(shop, plus_one(await shop.put(1)))
    token = set_request_id("mine")
    async with watching(shop, batch):
        reset_request_id(token)
        await until(lambda: bool(ids(caplog, "The stream of changes broke")))
        await shop.assembly.worker.run_once()

    assert {*ids(caplog, "The stream of changes broke")} == {None}


async def test_a_commit_in_doubt_of_a_background_chunk_is_told_with_its_batch(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    batch = await submit(shop, plus_one(await shop.put(10, 10)))

    def deny_it_once(name: str) -> None:
        if name == "commitTransaction":
            shop.commands.on_end = lambda _name: None
            shop.fail("commitTransaction", mode={"times": 1}, errorCode=251)

    shop.commands.on_end = deny_it_once
    lost = {"code": 64, "errmsg": "waiting for replication timed out"}
    with shop.failing("commitTransaction", mode={"times": 1}, writeConcernError=lost):
        assert await shop.assembly.worker.run_once()

    assert batches_of(caplog, "A commit failed") == [(batch, 0)]


async def test_every_line_about_a_chunk_names_its_batch(
    shop: Shop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = await submit(shop, plus_one(await shop.put(10)))

    async def away(*_: object) -> None:
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(Completion, "check", away)
    with shop.failing("update", mode={"times": 1}, errorCode=2):
        await shop.assembly.worker.run_once()

    assert batches_of(caplog, "A chunk failed") == [(batch, 0)]
    assert batches_of(caplog, "Whether a batch has ended is not known yet") == [(batch, None)]


def batches_of(caplog: pytest.LogCaptureFixture, sentence: str) -> list[tuple[object, object]]:
    """Return the batch and the chunk of each line with that sentence, as its fields say."""
    lines = [json.loads(JsonFormatter().format(one)) for one in caplog.records]
    return [(one.get("batch_id"), one.get("chunk")) for one in lines if sentence in one["message"]]
