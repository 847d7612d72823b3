"""How long callers wait while the database hangs, what they are told, and what the log says.

    python -m tests.proofs.outage [--scale 0.1]

`mongod` is stopped (SIGSTOP) for 60 s under load, and goes on after that. Ends with status 1 if
somebody waits for too long, if an answer is not what the database holds, or if the log has more of
the outage than its begin and its end.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import choice
from typing import Any
from uuid import uuid4

import httpx
import websockets
from bson import ObjectId

from tests.proofs.ledger import disagreements
from tests.proofs.server import PROJECT, Server
from tests.support.processes.process_table import children

OPENING = 1_000_000
CALLERS = 4  # of most kinds
SHARED = 9  # products that many changes are about: a transaction that stays open holds them all up
CONTENDERS = 24
REQUEST_SECONDS = 10.0  # the default: nobody may wait longer
KNOWN_SECONDS = 2.0  # once the outage is known
READY_SECONDS = 1.0
BACK_SECONDS = 2.0  # after the database goes on
SLACK_SECONDS = 0.5  # of this machine
SETTLED_SECONDS = 20.0

OWN = (  # of a commit or a chunk that was under way, each once
    "settled behind",
    "The lease of a chunk ran out",
)
USUAL = ("server.batches.stored.completion", "uvicorn.error")

QUERY = "{ products(first: 5) { edges { node { id } } } }"
UPDATE = """
mutation ($u: [StockUpdateInput!]!) {
  batchUpdateStock(updates: $u) { success error { code retryable } }
}
"""
SUBMIT = """
mutation ($u: [StockUpdateInput!]!) {
  submitBatch(operation: { updateStock: { updates: $u } }) { id }
}
"""
CREATE = "mutation ($p: [CreateProductInput!]!) { batchCreateProducts(products: $p) { outcome } }"


@dataclass(frozen=True, slots=True)
class Call:
    """A request: when it was sent and answered, by the monotonic clock, and what it was told."""

    began: float
    ended: float
    told: str


@dataclass(slots=True)
class Kind:
    """The calls of one kind; `item` is what a mutation sends: its product is its own."""

    name: str
    send: Callable[[httpx.AsyncClient, str], Awaitable[str]]
    limit: float = REQUEST_SECONDS
    callers: int = CALLERS
    pause: float = 0.05  # seconds after an answer
    calls: list[Call] = field(default_factory=list)

    def longest(self, begin: float, end: float) -> float:
        """Return the longest wait of the calls that were sent in that time, in seconds."""
        return max(
            (one.ended - one.began for one in self.calls if begin <= one.began < end), default=0
        )


class Products:
    """A product for each change, a few for many changes, and what the callers were told."""

    def __init__(self, ids: list[str]) -> None:
        self._free = iter(ids)
        self.shared = [self.take() for _ in range(SHARED)]
        self.told: dict[str, str] = {}
        self.told_of_shared: dict[str, Counter[str]] = {one: Counter() for one in self.shared}
        self.keys: dict[str, str] = {}

    def take(self) -> str:
        return next(self._free)


def _code(answer: Mapping[str, Any]) -> str:
    """Return what a caller is told: ok, or a code."""
    if answer.get("errors"):
        return str(answer["errors"][0]["extensions"]["code"])
    (value,) = answer["data"].values()
    if isinstance(value, list) and not value[0]["success"]:
        error = value[0]["error"]
        return error["code"] if error["retryable"] else f"{error['code']}, not known"
    return "ok"


async def _post(
    client: httpx.AsyncClient, query: str, key: str | None = None, **variables: Any
) -> str:
    headers = {"Idempotency-Key": key} if key else {}
    answer = await client.post(
        "/graphql", json={"query": query, "variables": variables}, headers=headers
    )
    return _code(answer.json())


def kinds_of(products: Products, port: int) -> list[Kind]:  # noqa: C901 - one function for each
    """Return the kinds of calls."""

    async def query(client: httpx.AsyncClient, _: str) -> str:
        return await _post(client, QUERY)

    async def mutation(client: httpx.AsyncClient, product: str) -> str:
        update = [{"productId": product, "quantity": 1}]
        products.told[product] = told = await _post(client, UPDATE, u=update)
        return told

    async def contended(client: httpx.AsyncClient, _: str) -> str:
        product, key = choice(products.shared), choice([None, uuid4().hex])
        told = await _post(client, UPDATE, key, u=[{"productId": product, "quantity": 1}])
        may_be_done = told != "ok" and key
        products.told_of_shared[product][f"{told}, not known" if may_be_done else told] += 1
        return told

    async def keyed(client: httpx.AsyncClient, product: str) -> str:
        products.keys[product] = key = uuid4().hex
        update = [{"productId": product, "quantity": 1}]
        return await _post(client, UPDATE, key, u=update)

    async def submission(client: httpx.AsyncClient, product: str) -> str:
        return await _post(client, SUBMIT, u=[{"productId": product, "quantity": 1}])

    async def rest(client: httpx.AsyncClient, product: str) -> str:
        line = json.dumps({"productId": product, "quantity": 1})
        answer = await client.post(
            "/api/batches/batch-update-stock",
            content=line + "\n",
            headers={"content-type": "application/x-ndjson"},
        )
        assert answer.status_code in (201, 503), answer.text
        assert answer.status_code == 201 or "retry-after" in answer.headers
        return "ok" if answer.status_code == 201 else str(answer.json()["error"]["code"])

    async def convex(client: httpx.AsyncClient, _: str) -> str:
        call = {"path": "products", "args": {"paginationOpts": {"numItems": 5, "cursor": None}}}
        answer = await client.post("/api/query", json={**call, "format": "json"})
        found = answer.json()
        return (
            "ok" if found.get("status") == "success" else str(found.get("errorData", found)["code"])
        )

    async def websocket(_: httpx.AsyncClient, product: str) -> str:
        async with _socket(port) as connection:
            update = {"query": QUERY}
            await connection.send(json.dumps({"id": "1", "type": "subscribe", "payload": update}))
            message = json.loads(await connection.recv())
        return _code(
            message["payload"] if message["type"] == "next" else {"errors": message["payload"]}
        )

    async def ready(client: httpx.AsyncClient, _: str) -> str:
        answer = await client.get("/readyz")
        if answer.status_code not in (200, 503):
            return f"{answer.status_code}: {answer.text}"
        return "ok" if answer.status_code == 200 else str(answer.json()["reason"])

    return [
        Kind("queries, GraphQL", query),
        Kind("queries, WebSocket", websocket),
        Kind("queries, Convex", convex),
        Kind("mutations", mutation),
        Kind(f"mutations of the same {SHARED} products", contended, callers=CONTENDERS, pause=0),
        Kind("mutations with a key", keyed),
        Kind("submissions, GraphQL", submission),
        Kind("submissions, NDJSON", rest),
        Kind("/readyz", ready, READY_SECONDS),
    ]


@asynccontextmanager
async def _socket(port: int) -> AsyncIterator[websockets.ClientConnection]:
    async with websockets.connect(
        f"ws://127.0.0.1:{port}/graphql", subprotocols=["graphql-transport-ws"], proxy=None
    ) as connection:
        await connection.send('{"type":"connection_init"}')
        await connection.recv()
        yield connection


async def _call(kind: Kind, port: int, products: Products, until: float) -> None:
    """Call one after the other; most changes have a product of their own.

    Whoever is refused waits for a second, as `Retry-After` says.
    """
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        while time.monotonic() < until:
            began = time.monotonic()
            told = await kind.send(client, products.take())
            kind.calls.append(Call(began, time.monotonic(), told))
            await asyncio.sleep(kind.pause if told == "ok" else 1.1)


async def _load(
    kinds: list[Kind], products: Products, server: Server, mongod: int, seconds: float
) -> tuple[float, float, int]:
    """Let the callers call, and stop the database meanwhile; return when it stopped and went on.

    The last value is how many transactions of before were open `BACK_SECONDS` after that.
    """
    stop = time.monotonic() + 2
    until = stop + seconds + 5
    callers = [
        asyncio.create_task(_call(kind, server.port, products, until))
        for kind in kinds for _ in range(kind.callers)
    ]  # fmt: skip
    await asyncio.sleep(stop - time.monotonic())
    os.kill(mongod, signal.SIGSTOP)
    stopped = time.monotonic()
    try:
        await asyncio.sleep(seconds)
    finally:
        os.kill(mongod, signal.SIGCONT)
    went_on = time.monotonic()
    await asyncio.sleep(BACK_SECONDS)
    left_open = await asyncio.to_thread(_left_open, server)
    await asyncio.gather(*callers)
    return stopped, went_on, left_open


def _left_open(server: Server) -> int:
    """Return how many transactions nothing has worked on for a second or more."""
    with server.database() as database:
        found = database.client.admin.aggregate([
            {"$currentOp": {"allUsers": True, "idleSessions": True}},
            {"$match": {"type": "idleSession", "transaction.timeInactiveMicros": {"$gt": 1e6}}},
        ])  # fmt: skip
        return len(list(found))


async def _truth(products: Products, server: Server) -> tuple[list[str], Counter[str]]:
    """Return which answers are not what the database holds, and what was told how often."""
    with server.database() as database:
        applied = {
            str(row["productId"]) for row in database["stockUpdates"].find({"status": "applied"})
        }
        faults = [
            f"{product} was told {told}, and is {'' if product in applied else 'not '}applied"
            for product, told in products.told.items()
            if "not known" not in told and (told == "ok") != (product in applied)
        ]
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}", trust_env=False, timeout=60
        ) as client:
            for product, key in products.keys.items():
                update = [{"productId": product, "quantity": 1}]
                if await _post(client, UPDATE, key, u=update) != "ok":
                    faults.append(f"the key of {product} does not tell the truth later")
        for product, told in products.told_of_shared.items():
            rows = {"productId": ObjectId(product), "status": "applied"}
            found = database["stockUpdates"].count_documents(rows)
            unknown = sum(count for what, count in told.items() if "not known" in what)
            if not told["ok"] <= found <= told["ok"] + unknown:
                faults.append(f"{product} was told {dict(told)}, and has {found} rows")
        opening = {
            product["_id"]: OPENING for product in database["products"].find({"category": "hang"})
        }
        faults += disagreements(database, opening)
        once = database["stockUpdates"].count_documents(
            {"productId": {"$in": [*map(ObjectId, products.keys)]}}
        )
        if once != len(products.keys):
            faults.append(f"{len(products.keys)} keys, and {once} rows")
    return faults, Counter(products.told.values())


def measured(server: Server, seconds: float) -> list[str]:
    """Stop the database of the server for so long; print a table, and return what must not be."""
    ids = [f"{number:024x}" for number in range(1 << 40, (1 << 40) + 20_000)]
    for start in range(0, len(ids), 5_000):
        server.post(CREATE, p=[
            {"id": one, "name": "Cup", "price": 1, "stock": OPENING, "category": "hang"}
            for one in ids[start : start + 5_000]
        ])  # fmt: skip
    (mongod,) = children(server.process.pid)
    products = Products(ids)
    kinds = kinds_of(products, server.port)
    before = len(server.log())
    stopped, went_on, left_open = asyncio.run(_load(kinds, products, server, mongod, seconds))
    known = stopped + 6  # at the latest
    print(f"\nmongod stopped for {seconds:g} s, {CALLERS} callers of most kinds\n")
    print("| longest wait of | before | until it was known | while it was known | after | told |")
    print("|---|---|---|---|---|---|")
    faults = []
    for kind in kinds:
        waits = [
            kind.longest(0, stopped - 1),
            kind.longest(stopped - 1, known),
            kind.longest(known, went_on),
            kind.longest(went_on + BACK_SECONDS, went_on + 60),
        ]
        told = Counter(one.told for one in kind.calls if stopped <= one.began < went_on)
        shown = " · ".join(f"{name} {count}" for name, count in told.most_common())
        print(f"| {kind.name} | {' | '.join(f'{wait:.2f} s' for wait in waits)} | {shown} |")
        if waits[1] > kind.limit + SLACK_SECONDS:
            faults.append(f"{kind.name}: {waits[1]:.1f} s before it was known")
        if waits[2] > min(kind.limit, KNOWN_SECONDS) + SLACK_SECONDS:
            faults.append(f"{kind.name}: {waits[2]:.1f} s although it was known")
        late = [
            one for one in kind.calls if one.began > went_on + BACK_SECONDS and one.told != "ok"
        ]
        if late:
            faults.append(f"{kind.name}: told {late[0].told} after the database was back")
    if left_open:
        faults.append(f"{left_open} transactions of before stayed open")
    time.sleep(SETTLED_SECONDS * min(1, seconds / 60))
    wrong, told = asyncio.run(_truth(products, server))
    print(f"\nMutations without a key were told: {dict(told)}.")
    print(f"{len(products.keys)} requests with a key were sent again: all tell the truth.")
    lines = server.log()[before:].splitlines()
    usual = [line for line in lines if any(f" INFO {name} " in line for name in USUAL)]
    print(
        f"\nThe log, less {len(usual)} lines about batches and sockets that came and ended well:\n"
    )
    print("\n".join(line for line in lines if line not in usual))
    loud = [line for line in lines if " INFO " not in line and not any(one in line for one in OWN)]
    if len(loud) != 2 or "does not answer" not in loud[0] or "answers again" not in loud[1]:
        faults.append(f"the log has {len(loud)} lines of the outage")
    return faults + wrong


def stopped_in_order(server: Server) -> list[str]:
    """Stop the server while its database hangs; return what must not be."""
    (mongod,) = children(server.process.pid)
    os.kill(mongod, signal.SIGSTOP)
    began = time.monotonic()
    server.process.terminate()
    try:
        status = server.process.wait(30)
    except subprocess.TimeoutExpired:
        server.process.kill()
        return ["the server did not end within 30 s"]
    seconds = time.monotonic() - began
    print(f"\nTold to end while mongod hung, the server ended in {seconds:.1f} s.")
    faults = [] if seconds <= 25 and status == 0 else [f"ended in {seconds:.1f} s with {status}"]
    return faults + (["a traceback in the log"] if "Traceback" in server.log() else [])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    seconds = max(8.0, 60 * parser.parse_args().scale)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(PROJECT, Path(folder))
        try:
            faults = measured(server, seconds) + stopped_in_order(server)
        finally:
            server.stop()
    print(
        "\n".join(["", *faults])
        if faults
        else "\nNobody waited too long, and every answer is true."
    )
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
