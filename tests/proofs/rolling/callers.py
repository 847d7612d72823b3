"""Callers that work through a proxy without a pause, and note whatever goes wrong."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any
from uuid import uuid4

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

ITEMS, BATCH_ITEMS, LONG_BATCH_ITEMS = 10, 200, 10_000
UPDATE = (
    "mutation ($u: [StockUpdateInput!]!, $k: String) "
    "{ batchUpdateStock(updates: $u, idempotencyKey: $k) { success newStock } }"
)
SUBMIT = (
    "mutation ($b: UpdateStockBatch!, $k: String) "
    "{ submitBatch(operation: {updateStock: $b}, idempotencyKey: $k) { id } }"
)
PROGRESS = "subscription ($id: ID!) { batchProgress(id: $id) { status successCount } }"
RECONNECT_SECONDS = 0.05
FINAL = {"COMPLETED", "FAILED", "CANCELLED"}


class Wrong(Exception):
    """An answer is not what it must be."""


@dataclass(slots=True)
class Tally:
    """What was answered; `items` are those of stock updates that an answer confirms."""

    unkeyed: int = 0
    keyed: int = 0
    replayed: int = 0
    submitted: int = 0
    downloads: int = 0
    reconnects: int = 0
    told_to_wait: int = 0
    items: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Callers:
    """Update the stock of products, one more each time, until they are told to stop."""

    port: int
    products: Sequence[str]
    tally: Tally = field(default_factory=Tally)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    _places: "count[int]" = field(default_factory=count)

    async def run(self) -> None:
        """Work until `stop` is set, and then end what has begun."""
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=60
        ) as client:
            jobs = [
                *(self._unkeyed, self._unkeyed, self._keyed),
                partial(self._submission, BATCH_ITEMS),
                partial(self._submission, LONG_BATCH_ITEMS),
            ]
            async with asyncio.TaskGroup() as group:
                for job in jobs:
                    group.create_task(self._repeat(client, job))

    async def _repeat(
        self, client: httpx.AsyncClient, job: Callable[[httpx.AsyncClient], Awaitable[None]]
    ) -> None:
        while not self.stop.is_set():
            try:
                await job(client)
            except (Wrong, httpx.HTTPError, OSError, KeyError) as error:
                self.tally.wrong.append(f"{job}: {error!r}")

    async def _unkeyed(self, client: httpx.AsyncClient) -> None:
        self._all_applied(await self._post(client, UPDATE, u=self._updates(ITEMS)))
        self.tally.unkeyed += 1
        self.tally.items += ITEMS

    async def _keyed(self, client: httpx.AsyncClient) -> None:
        """Send a request with a key twice: the second answer is the first one."""
        sent = {"u": self._updates(ITEMS), "k": uuid4().hex}
        first = await self._post(client, UPDATE, **sent)
        self._all_applied(first)
        self.tally.keyed += 1
        self.tally.items += ITEMS
        if await self._post(client, UPDATE, **sent) != first:
            raise Wrong("a key got two answers")
        self.tally.replayed += 1

    async def _submission(self, items: int, client: httpx.AsyncClient) -> None:
        """Submit a batch, follow it to its end, and download its results."""
        batch = {"updates": self._updates(items), "batchSize": 20}
        answer = await self._post(client, SUBMIT, b=batch, k=uuid4().hex)
        batch_id = answer["submitBatch"]["id"]
        end = await self.followed(batch_id)
        if end != {"status": "COMPLETED", "successCount": items}:
            raise Wrong(f"batch {batch_id} has ended as {end}")
        self.tally.submitted += 1
        self.tally.items += items
        found = await client.get(f"/api/batches/{batch_id}/results", params={"format": "csv"})
        rows = found.text.count("\n") - 1
        if (found.status_code, rows) != (httpx.codes.OK, items):
            raise Wrong(f"a download with status {found.status_code} has {rows} rows")
        self.tally.downloads += 1

    async def followed(self, batch_id: str) -> dict[str, Any]:
        """Return the last progress of the batch; connect again whenever the connection ends."""
        while True:
            try:
                return await self._progress(batch_id)
            except (WebSocketException, OSError):
                self.tally.reconnects += 1
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _progress(self, batch_id: str) -> dict[str, Any]:
        address = f"ws://127.0.0.1:{self.port}/graphql"
        protocol = Subprotocol("graphql-transport-ws")
        async with connect(address, subprotocols=[protocol], proxy=None) as socket:
            await socket.send('{"type":"connection_init"}')
            subscribe = {"query": PROGRESS, "variables": {"id": batch_id}}
            while True:
                message = json.loads(await socket.recv())
                match message["type"]:
                    case "connection_ack":
                        asked = {"id": "1", "type": "subscribe", "payload": subscribe}
                        await socket.send(json.dumps(asked))
                    case "next":
                        found: dict[str, Any] = message["payload"]["data"]["batchProgress"]
                        if found["status"] in FINAL:
                            return found
                    case "ping":
                        await socket.send('{"type":"pong"}')
                    case other:
                        raise Wrong(f"a subscription got {other}: {message}")

    async def _post(self, client: httpx.AsyncClient, query: str, **variables: Any) -> Any:
        """Return the data of the answer; wait as long as an overloaded server says."""
        while True:
            body = {"query": query, "variables": variables}
            answer = await client.post("/graphql", json=body)
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and _is_overload(answer):
                self.tally.told_to_wait += 1
                await asyncio.sleep(float(answer.headers["retry-after"]))
                continue
            if answer.status_code != httpx.codes.OK or "errors" in answer.json():
                raise Wrong(f"{answer.status_code}: {answer.text[:300]}")
            return answer.json()["data"]

    def _updates(self, items: int) -> list[dict[str, Any]]:
        places = [next(self._places) % len(self.products) for _ in range(items)]
        return [{"productId": self.products[place], "quantity": 1} for place in places]

    def _all_applied(self, data: Any) -> None:
        results = data["batchUpdateStock"]
        if [one["success"] for one in results] != [True] * ITEMS:
            raise Wrong(f"items failed: {results}")


def _is_overload(answer: httpx.Response) -> bool:
    errors = answer.json().get("errors", [])
    return bool(errors) and errors[0]["extensions"]["code"] == "OVERLOADED"
