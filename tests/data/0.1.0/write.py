"""Have stockbatch 0.1.0 write a database, and keep what it wrote and what it answered.

Usage: `python tests/data/0.1.0/write.py CHECKOUT`, where CHECKOUT is a checkout of 0.1.0; the
README beside this file says which commit that is. It takes about four minutes: the server tries for
over a minute to end two batches that the database keeps from ending.
"""

import asyncio
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from bson import ObjectId
from dump import dump
from faults import failing_reads, locked
from process import Document, Receiver, Server, graphql, until
from pymongo import MongoClient
from pymongo.database import Database
from reader import Reader
from workload import (
    CREATE,
    DAY_MS,
    DELETE,
    DISCONTINUED,
    EXPIRED,
    EXPIRING,
    EXTREME,
    ODD_PRODUCTS,
    PLAIN_PRODUCTS,
    STOCK,
    SUBMIT,
    TO_GO,
    UNKNOWN,
    UPDATE,
    completed_batches,
    keyed_requests,
    opening_stocks,
    product,
    update,
)  # fmt: skip

HERE = Path(__file__).parent
DEAD_PORT = "http://127.0.0.1:9/prices"
FINAL = ["completed", "failed", "cancelled"]

LOCKED_AT = [30, 33, 36, 39]  # products that a transaction of ours holds where a batch must stop
LOCKED_KEYED, LOCKED_ENDS, LOCKED_CANCELLED, LOCKED_CONFLICT = 42, 44, 46, 48


class Writing:
    """One database, the servers that work on it, and the record of what they answered."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.checkout, self.folder = checkout, folder
        self.uri = ""
        self.answers: Document = {"keyed": {}, "interrupted": {}, "batches": {}, "reads": []}
        self.answers["opening"] = opening_stocks()

    def server(self, **settings: str) -> Server:
        where = {"MONGODB_URI": self.uri} if self.uri else {"DATA_DIR": str(self.folder)}
        return Server(self.checkout, self.folder, **where, **settings)

    @contextmanager
    def database(self) -> Iterator[Database[Document]]:
        client: MongoClient[Document] = MongoClient(self.uri, tz_aware=True)
        with client:
            yield client["stockbatch"]

    def submit(self, server: Server, name: str, request: Mapping[str, Any]) -> str:
        exchange = server.send(request)
        answer = json.loads(exchange["answer"])
        if exchange["status"] == 201:
            batch_id = answer["batchId"]
        elif "errors" in answer:
            raise SystemExit(f"{name}: {answer['errors']}")
        else:
            batch_id = answer["data"]["submitBatch"]["id"]
        self.answers["batches"][name] = batch_id
        return str(batch_id)

    def until_ended(self, seconds: float = 240) -> None:
        with self.database() as database:
            batches, chunks = database["batchOperations"], database["batchChunks"]
            until(
                lambda: (
                    not batches.count_documents({"status": {"$nin": FINAL}})
                    and not chunks.count_documents({"publishingCount": {"$gt": 0}})
                ),
                "the end of all batches",
                seconds,
            )


def first_start(writing: Writing) -> None:
    """As an operator has it: the server's own mongod, with the samples."""
    server = writing.server()
    for products, options in [
        (PLAIN_PRODUCTS + ODD_PRODUCTS + DISCONTINUED + EXTREME + TO_GO, {}),
        (EXPIRING, {"expireIn": 100 * DAY_MS}),
        (EXPIRED, {"expireIn": 1}),
    ]:
        answer = server.graphql(CREATE, items=products, options=options)
        if answer["failed"]:
            raise SystemExit(str([one for one in answer["failed"] if one["error"]["path"][2:]]))
    server.stop()


def unkeyed(server: Server) -> None:
    """What leaves rows and marks, and no batch."""
    server.graphql(STOCK, items=[update(24, 4), update(24, -10_000), update(25, 1.25)])
    server.graphql(UPDATE, items=[{"productId": product(26), "data": {"price": 11}}])
    server.graphql(DELETE, items=[{"productId": product(170)}])


def completed(writing: Writing, receiver: Receiver) -> None:
    """Batches of every kind, to their end; one of them conflicts until its attempts are used up."""
    server = writing.server(PUBLISH_URL=receiver.url, TRANSACTION_SECONDS="1")
    unkeyed(server)
    with writing.database() as database, locked(database, [LOCKED_CONFLICT]):
        conflict = [update(LOCKED_CONFLICT, 1), update(27, 1)]
        writing.submit(
            server,
            "conflict",
            graphql(SUBMIT, {"operation": {"updateStock": {"updates": conflict}}}),
        )
        for name, request in completed_batches().items():
            writing.submit(server, name, request)
        for name, request in keyed_requests().items():
            writing.answers["keyed"][name] = server.send(request)
        cancelled = {"updates": [update(number, 1) for number in (LOCKED_CONFLICT, 28, 29)]}
        one = writing.submit(
            server, "cancelled", graphql(SUBMIT, {"operation": {"updateStock": cancelled}})
        )
        server.graphql("mutation($id: ID!) { cancelBatch(id: $id) { id } }", id=one)
        writing.until_ended()
    retried = server.graphql(
        "mutation($id: ID!) { retryBatch(id: $id) { id } }",
        id=writing.answers["batches"]["stock by JSON"],
    )
    writing.answers["batches"]["retried"] = retried["id"]
    writing.until_ended()
    server.stop()


def unpublished(writing: Writing) -> None:
    """Prices for which no receiver was there."""
    server = writing.server(PUBLISH_URL=DEAD_PORT)
    ids = [product(number) for number in range(50, 55)]
    operation = {"updatePrice": {"productIds": ids, "newPrice": 4711}}
    writing.submit(server, "unpublished", graphql(SUBMIT, {"operation": operation}))
    writing.until_ended()
    server.stop()


def failed(writing: Writing) -> None:
    """A batch whose second chunk the database never let end."""
    server = writing.server(TRANSACTION_SECONDS="0.2", WORKER_CHUNKS="1")
    with writing.database() as database:
        updates = [update(number, 2) for number in range(4)]
        with failing_reads(database):
            writing.submit(
                server,
                "failed",
                graphql(
                    SUBMIT, {"operation": {"updateStock": {"updates": updates, "batchSize": 2}}}
                ),
            )
            batches = database["batchOperations"]
            until(lambda: batches.find_one({"failing": {"$exists": True}}), "a failure", 240)
        writing.until_ended()
    server.stop()


def publishing(writing: Writing) -> None:
    """Prices of which some have been published, and the server was killed over the others."""
    receiver = Receiver(hangs_from=10)
    server = writing.server(PUBLISH_URL=receiver.url)
    operation = {"updatePrice": {"productIds": [product(n) for n in range(25)], "newPrice": 815}}
    one = writing.submit(server, "publishing", graphql(SUBMIT, {"operation": operation}))
    with writing.database() as database:
        chunks = database["batchChunks"]
        until(
            lambda: chunks.find_one({"batchId": ObjectId(one), "publishedCount": 10}), "10 prices"
        )
        until(
            lambda: database["batchOperations"].find_one(
                {"_id": ObjectId(one), "status": "completed"}
            ),
            "its end",
        )
    server.kill()
    receiver.shutdown()


def interrupted(writing: Writing) -> None:
    """Batches in the middle: killed once with some chunks held, again by the next holder, and then
    while another one is asked to cancel.
    """
    stops = [*LOCKED_AT, LOCKED_KEYED, LOCKED_ENDS, LOCKED_CANCELLED]
    with writing.database() as database, locked(database, stops):
        _kill_over_held_chunks(writing, database)
        _kill_over_lapsed_chunks(writing, database)
        _kill_over_a_cancelled_batch(writing, database)


def _kill_over_held_chunks(writing: Writing, database: Database[Document]) -> None:
    server = writing.server(TRANSACTION_SECONDS="50", WORKER_CHUNKS="4")
    keyed = [
        update(number, 1) for number in (*range(20, 30), LOCKED_KEYED, LOCKED_KEYED, *range(20, 30))
    ]
    ends = [{"productId": product(number), "data": {"price": 5}} for number in range(50, 58)]
    ends[2] = {"productId": product(LOCKED_ENDS), "data": {"price": 6}}
    ends[3] = {"productId": UNKNOWN, "data": {"price": 6}}
    end_at_failure = {
        "atomic": False, "continueOnError": False, "validateBeforeWrite": False, "batchSize": 2,
    }  # fmt: skip
    requests = {
        "stock": graphql(STOCK, {"items": keyed, "options": {"batchSize": 2}}, "i-stock"),
        "ends": graphql(UPDATE, {"items": ends, "options": end_at_failure}, "i-ends"),
    }
    for name, request in requests.items():
        writing.answers["interrupted"][name] = request
        threading.Thread(target=_send_in_vain, args=(server, request), daemon=True).start()
    chunks = database["batchChunks"]
    until(lambda: _chunks(database, "i-ends", "done") == 1, "the first of four chunks")
    until(lambda: _chunks(database, "i-stock", "pending") == 1, "all chunks but the locked one")
    items = [update(number, 3) for number in (*range(30, 42), *range(30, 42), *range(30, 42))] * 3
    one = writing.submit(
        server,
        "processing",
        graphql(SUBMIT, {"operation": {"updateStock": {"updates": items, "batchSize": 4}}}),
    )
    own = {"batchId": ObjectId(one)}
    until(
        lambda: (
            chunks.count_documents(own | {"lease": {"$exists": True}}) == 4
            and chunks.count_documents(own | {"status": "done"}) > 0
        ),
        "four held chunks",
    )
    time.sleep(1)  # until the transactions of the four have come to the lock
    server.kill()


def _chunks(database: Database[Document], key: str, status: str) -> int:
    """How many chunks of the batch with this key are done, or pending."""
    found = database["batchOperations"].find_one({"idempotencyKey": key}) or {}
    return database["batchChunks"].count_documents({"batchId": found.get("_id"), "status": status})


def _send_in_vain(server: Server, request: Mapping[str, Any]) -> None:
    with suppress(httpx.HTTPError):
        exchange = server.send(request)
        raise SystemExit(f"An answer to what was to be interrupted: {exchange['answer']}")


def _kill_over_lapsed_chunks(writing: Writing, database: Database[Document]) -> None:
    until(lambda: not _live_leases(database), "the end of the leases")
    server = writing.server(TRANSACTION_SECONDS="50", WORKER_CHUNKS="3", WORKER_LEASE_SECONDS="5")
    again = {"crashes": {"$gt": 0}, "lease": {"$exists": True}}
    until(lambda: database["batchChunks"].count_documents(again) >= 1, "a chunk taken over")
    time.sleep(1)  # until its transaction has come to the lock
    server.kill()


def _kill_over_a_cancelled_batch(writing: Writing, database: Database[Document]) -> None:
    until(lambda: not _live_leases(database), "the end of the leases")
    server = writing.server(TRANSACTION_SECONDS="50", WORKER_CHUNKS="32")
    items = [update(number, 1) for number in (LOCKED_CANCELLED, 1, 2, LOCKED_CANCELLED, 3, 4)] * 20
    operation = {"updateStock": {"updates": items, "batchSize": 2}}
    one = writing.submit(server, "to be cancelled", graphql(SUBMIT, {"operation": operation}))
    own = {"batchId": ObjectId(one)}
    chunks = database["batchChunks"]
    until(
        lambda: (
            chunks.count_documents(own | {"lease": {"$exists": True}})
            and chunks.count_documents(own | {"status": "done"})
        ),
        "a held chunk and one that is done",
    )
    server.graphql("mutation($id: ID!) { cancelBatch(id: $id) { id } }", id=one)
    time.sleep(1)  # until the worker has seen that the batch is cancelled
    server.kill()


def _live_leases(database: Database[Document]) -> int:
    return database["batchChunks"].count_documents(
        {"status": "pending", "$expr": {"$gt": ["$lease.expiresAt", "$$NOW"]}}
    )


def waiting(writing: Writing) -> None:
    """Batches that nothing has begun, and an upload whose server was killed."""
    server = writing.server(WORKER_ENABLED="false", PUBLISH_URL=DEAD_PORT)
    updates = [update(number, 10) for number in range(20)] + [update(0, 1.5)]
    ids = [product(number) for number in range(56, 59)] + [UNKNOWN]
    for name, key, operation in [
        ("waiting stock", "w-stock", {"updateStock": {"updates": updates, "batchSize": 5}}),
        ("waiting price", "w-price", {"updatePrice": {"productIds": ids, "newPrice": 99}}),
        ("waiting discontinue", None, {"discontinueProducts": {"productIds": [product(55)]}}),
    ]:
        request = graphql(SUBMIT, {"operation": operation}, key)
        writing.submit(server, name, request)
        if key is not None:
            writing.answers["keyed"][name] = server.send(request)  # which is the first answer
    threading.Thread(target=_upload, args=(server,), daemon=True).start()
    with writing.database() as database:
        submitting = until(
            lambda: database["batchOperations"].find_one({"status": "submitting"}), "an upload"
        )
        own = {"batchId": submitting["_id"]}
        until(lambda: database["batchChunks"].count_documents(own) >= 16, "chunks of it")
        server.kill()
        writing.answers["batches"]["submitting"] = str(submitting["_id"])
        until(
            lambda: database["batchOperations"].find_one(
                {"status": "submitting", "$expr": {"$lt": ["$submittedUntil", "$$NOW"]}}
            ),
            "the end of its time",
        )
        until(lambda: not _live_leases(database), "the end of the leases")


def _upload(server: Server) -> None:
    def lines() -> Iterator[bytes]:
        for number in range(10_000):
            yield json.dumps(update(number % 60, 1)).encode() + b"\n"
            time.sleep(0.002 if number < 500 else 0.05)

    with suppress(httpx.HTTPError):
        server.client.post(
            "/api/batches/batch-update-stock?batchSize=4",
            content=lines(),
            headers={"Content-Type": "application/x-ndjson", "Idempotency-Key": "i-upload"},
        )


def read_everything(writing: Writing) -> None:
    server = writing.server(WORKER_ENABLED="false")
    writing.answers["writtenAt"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    Reader(server, writing.answers["reads"]).everything()
    server.stop()


def dump_everything(writing: Writing) -> None:
    with writing.database() as database:
        dump(database, writing.answers)


async def write(checkout: Path, folder: Path) -> None:
    sys.path.insert(0, str(checkout))
    from server.mongo.embedded import EmbeddedMongod  # noqa: PLC0415 - that of 0.1.0

    writing = Writing(checkout, folder)
    await asyncio.to_thread(first_start, writing)
    # From here on the same folder, by a mongod that fails on cue and outlives the servers.
    parameters = {"enableTestCommands": 1, "transactionLifetimeLimitSeconds": 3600}
    mongod = EmbeddedMongod(folder, parameters)
    await mongod.start()
    writing.uri = mongod.uri
    try:
        await asyncio.to_thread(completed, writing, Receiver())
        for phase in (
            failed,
            unpublished,
            publishing,
            interrupted,
            waiting,
            read_everything,
            dump_everything,
        ):
            print(phase.__name__, flush=True)
            await asyncio.to_thread(phase, writing)
    finally:
        await mongod.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        asyncio.run(write(Path(sys.argv[1]).resolve(), Path(scratch)))
