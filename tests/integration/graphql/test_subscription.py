"""Subscribe to `batchProgress` over graphql-transport-ws, without a socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import ANY, patch

import pytest

from server.jobs.progress_feed import ProgressFeed
from server.web.admission.admission import Admission
from server.web.app import make_app
from server.web.graphql.view import GraphQLView
from server.web.rest.view import Rest
from tests.support.batches.batch_work import work_off
from tests.support.batches.watching import open_streams
from tests.support.shop import MAX_REQUEST_BYTES, UNKNOWN_ID, Shop
from tests.support.waiting import until
from tests.support.web.full_lanes import LARGE, SMALL, full
from tests.support.web.whole_answers import Json

SUBMIT = """
mutation ($ids: [ID!]!, $size: Int) {
  submitBatch(operation: {discontinueProducts: {productIds: $ids, batchSize: $size}}) { id }
}
"""
WATCH = """
subscription ($id: ID!) {
  batchProgress(id: $id) { id status processedItems successCount outcome results { totalCount } }
}
"""


class Client:
    """A client of one WebSocket."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[Json] = asyncio.Queue()
        self.received: asyncio.Queue[Json] = asyncio.Queue()

    def send(self, **frame: Any) -> None:
        self.sent.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})

    def watch(self, batch_id: str, name: str = "1") -> None:
        payload = {"query": WATCH, "variables": {"id": batch_id}}
        self.send(id=name, type="subscribe", payload=payload)

    async def frame(self) -> Json:
        """Return the next frame of the protocol."""
        async with asyncio.timeout(20):
            while "text" not in (message := await self.received.get()):
                pass
        frame: Json = json.loads(message["text"])
        return frame

    async def state(self) -> Json:
        """Return the batch in the next frame, which must be one of progress."""
        frame = await self.frame()
        assert frame["type"] == "next", frame
        batch: Json = frame["payload"]["data"]["batchProgress"]
        return batch

    async def states(self, *names: str) -> list[Json]:
        """Return all states until the subscriptions have ended."""
        found: list[Json] = []
        watching = set(names or "1")
        while watching:
            frame = await self.frame()
            if frame["type"] == "next":
                found.append(frame["payload"]["data"]["batchProgress"])
            else:
                assert frame["type"] == "complete", frame
                watching.remove(frame["id"])
        return found

    async def errors(self) -> list[Json]:
        """Return the errors with which the subscription was refused."""
        frame = await self.frame()
        assert frame["type"] == "error"
        errors: list[Json] = frame["payload"]
        return errors

    def leave(self) -> None:
        self.sent.put_nowait({"type": "websocket.disconnect", "code": 1001})


@asynccontextmanager
async def connected(shop: Shop, admission: Admission | None = None) -> AsyncIterator[Client]:
    async def ready() -> None:
        return None

    view = GraphQLView(shop.services, max_request_bytes=MAX_REQUEST_BYTES, admission=admission)
    rest = Rest(shop.services, max_request_bytes=MAX_REQUEST_BYTES)
    app = make_app(view, shop.metrics, ready, rest)
    client = Client()
    scope = {
        "type": "websocket",
        "path": "/graphql",
        "headers": [],
        "query_string": b"",
        "subprotocols": ["graphql-transport-ws"],
    }
    client.sent.put_nowait({"type": "websocket.connect"})
    client.send(type="connection_init")
    serving = asyncio.create_task(app(scope, client.sent.get, client.received.put))
    assert (await client.frame())["type"] == "connection_ack"
    try:
        yield client
    finally:
        client.leave()
        async with asyncio.timeout(10):
            await serving


async def submit(shop: Shop, count: int) -> str:
    """Submit a batch of that many chunks; return its id."""
    ids = await shop.put(*[10] * count)
    batch = await shop.ask(SUBMIT, ids=ids, size=1)
    return str(batch["id"])


def state(batch_id: str, done: int, status: str, outcome: str | None = None) -> Json:
    counts = {"processedItems": done, "successCount": done, "results": {"totalCount": done}}
    return {"id": batch_id, "status": status, "outcome": outcome} | counts


async def test_the_state_now_comes_first_then_each_change_and_then_the_end(shop: Shop) -> None:
    batch = await submit(shop, 3)
    async with connected(shop) as client:
        client.watch(batch)
        assert await client.state() == state(batch, 0, "PENDING")
        await shop.assembly.worker.run_once()
        seen = await client.state()
        if seen["processedItems"] == 0:  # read before the commit; its results may be counted after
            assert seen | {"results": ANY} == state(batch, 0, "PROCESSING") | {"results": ANY}
            seen = await client.state()
        assert seen == state(batch, 1, "PROCESSING")
        await shop.assembly.worker.run_once()
        assert await client.state() == state(batch, 2, "PROCESSING")
        await shop.assembly.worker.run_once()

        assert (await client.states())[-1] == state(batch, 3, "COMPLETED", "ALL")


async def test_an_event_waits_for_its_turn_and_those_that_come_meanwhile_are_sent_as_one(
    shop: Shop,
) -> None:
    batch = await submit(shop, 4)
    admission = Admission()
    async with connected(shop, admission) as client:
        client.watch(batch)
        assert await client.state() == state(batch, 0, "PENDING")
        async with full(admission, SMALL, LARGE):
            await shop.assembly.worker.run_once()
            await until(lambda: admission.waiting == 1)
            await shop.assembly.worker.run_once()
            await shop.assembly.worker.run_once()
            assert (admission.waiting, client.received.qsize()) == (1, 0)

        assert await client.state() == state(batch, 3, "PROCESSING")
        await shop.assembly.worker.run_once()
        assert await client.states() == [state(batch, 4, "COMPLETED", "ALL")]
    assert admission.is_idle


@pytest.mark.parametrize(("first", "lane"), [(10, SMALL), (900, LARGE)])
async def test_the_cost_of_a_subscription_decides_where_its_events_wait(
    shop: Shop, first: int, lane: int
) -> None:
    batch = await submit(shop, 1)
    admission = Admission()
    query = (
        f"subscription {{ batchProgress(id: {json.dumps(batch)}) {{ processedItems "
        f"results(first: {first}) {{ edges {{ cursor }} }} }} }}"
    )
    async with connected(shop, admission) as client:
        client.send(id="1", type="subscribe", payload={"query": query})
        assert (await client.state())["processedItems"] == 0
        await until(lambda: admission.is_idle)
        async with full(admission, SMALL + LARGE - lane):
            await work_off(shop)
            assert (await client.states())[-1]["processedItems"] == 1


async def test_a_subscription_gives_its_place_back_while_it_waits_and_while_it_sends(
    shop: Shop,
) -> None:
    batch = await submit(shop, 1)
    admission = Admission()
    async with connected(shop, admission) as client:
        client.received._maxsize = 1  # type: ignore[attr-defined] - a client that does not read
        client.received.put_nowait({})
        client.watch(batch)
        client.watch(batch, "2")
        await until(lambda: len(client.received._putters) == 2)  # type: ignore[attr-defined]
        assert admission.is_idle
        client.received._maxsize = 0  # type: ignore[attr-defined]

        assert await client.state() == state(batch, 0, "PENDING")
        assert await client.state() == state(batch, 0, "PENDING")
        assert admission.is_idle


async def test_a_subscription_that_cannot_begin_in_time_is_refused(shop: Shop) -> None:
    batch = await submit(shop, 1)
    admission = Admission(queue_seconds=0.01)
    async with connected(shop, admission) as client, full(admission, SMALL):
        client.watch(batch)
        (error,) = await client.errors()

    assert error["extensions"] == {"code": "OVERLOADED", "retryAfterSeconds": ANY}


async def test_progress_never_goes_back(shop: Shop) -> None:
    batch = await submit(shop, 30)
    async with connected(shop) as client:
        client.watch(batch)
        await client.state()
        _, states = await asyncio.gather(work_off(shop), client.states())

    counts = [one["processedItems"] for one in states]
    assert counts == sorted(counts)
    assert states[-1] == state(batch, 30, "COMPLETED", "ALL")
    assert [one["outcome"] for one in states[:-1]] == [None] * (len(states) - 1)


async def test_a_batch_that_has_ended_is_told_once(shop: Shop) -> None:
    batch = await submit(shop, 1)
    await work_off(shop)
    async with connected(shop) as client:
        client.watch(batch)

        assert await client.states() == [state(batch, 1, "COMPLETED", "ALL")]


async def test_a_subscription_watches_its_batch_once(shop: Shop) -> None:
    """A second one would stay behind, with its change stream, until memory is cleaned up."""
    batch = await submit(shop, 1)
    await work_off(shop)
    watching = patch.object(ProgressFeed, "watch", autospec=True, side_effect=ProgressFeed.watch)
    async with connected(shop) as client:
        with watching as watch:
            text = f'subscription {{ batchProgress(id: "{batch}") {{ status }} }}'
            client.send(id="1", type="subscribe", payload={"query": text})
            frames = [await client.frame() for _ in range(2)]

    assert [frame["type"] for frame in frames] == ["next", "complete"]
    assert watch.call_count == 1


async def test_a_cancellation_is_told(shop: Shop) -> None:
    batch = await submit(shop, 2)
    async with connected(shop) as client:
        client.watch(batch)
        await client.state()
        await shop.ask("mutation ($id: ID!) { cancelBatch(id: $id) { id } }", id=batch)

        last = (await client.states())[-1]

    assert (last["status"], last["processedItems"], last["outcome"]) == ("CANCELLED", 2, "NONE")


@pytest.mark.parametrize(
    ("batch_id", "told"),
    [
        (UNKNOWN_ID, f"There is no batch {UNKNOWN_ID}."),
        ("zz", "id is “zz”: an id is 24 hexadecimal characters."),
    ],
)
async def test_what_is_no_batch_is_refused_and_the_connection_stays(
    shop: Shop, batch_id: str, told: str
) -> None:
    batch = await submit(shop, 1)
    async with connected(shop) as client:
        client.watch(batch_id)
        (error,) = await client.errors()
        assert (error["message"], error["extensions"]) == (told, {"code": "BAD_INPUT"})

        client.watch(batch, "2")

        assert await client.state() == state(batch, 0, "PENDING")


async def test_a_client_that_goes_away_leaves_nothing_behind(shop: Shop) -> None:
    """The fixture `shop` checks that no task is left; the change stream is closed as well."""
    batch = await submit(shop, 1)
    tasks = asyncio.all_tasks()
    async with connected(shop) as client:
        client.watch(batch)
        await client.state()

    await until(lambda: asyncio.all_tasks() == tasks)


async def test_a_subscription_can_be_ended_by_the_client(shop: Shop) -> None:
    batch = await submit(shop, 2)
    async with connected(shop) as client:
        tasks = asyncio.all_tasks()
        client.watch(batch)
        await client.state()

        client.send(id="1", type="complete")

        await until(lambda: asyncio.all_tasks() <= tasks)
        await work_off(shop)
        client.send(type="ping")
        assert (await client.frame())["type"] == "pong"


async def test_all_who_watch_share_one_change_stream(shop: Shop) -> None:
    batches = [await submit(shop, 2) for _ in range(2)]
    shop.commands.names.clear()
    async with connected(shop) as first, connected(shop) as second:
        for client, batch in [(first, batches[0]), (second, batches[0])]:
            client.watch(batch)
            await client.state()
        second.watch(batches[1], "2")
        await second.state()
        await until(lambda: "getMore" in shop.commands.names)
        streams = open_streams(shop)
        await work_off(shop)

        heard, other = await first.states(), await second.states("1", "2")

    ended = [state(batch, 2, "COMPLETED", "ALL") for batch in batches]
    assert heard[-1] == ended[0]
    assert [one for one in other if one["outcome"]] in (ended, ended[::-1])
    assert streams == 1


async def test_each_subscription_is_one_subscriber(shop: Shop) -> None:
    batch = await submit(shop, 1)
    async with connected(shop) as client:
        client.watch(batch)
        await client.state()

        assert shop.services.progress.subscribers == 1
        client.watch(batch, "2")
        await client.state()
        assert shop.services.progress.subscribers == 2
