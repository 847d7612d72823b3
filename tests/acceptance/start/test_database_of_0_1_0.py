"""A data folder that 0.1.0 has written goes on under this version: see docs/upgrading.md.

What it holds, and how it was made, is in tests/data/0.1.0/README.md.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from bson import ObjectId
from pymongo.database import Database

from tests.acceptance.conftest import Serve
from tests.support.batches.batch_invariants import FINAL, assert_batches_are_exact
from tests.support.batches.publishing import Receiver, receiving
from tests.support.processes.database_of_0_1_0 import Document, Written, shown
from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess

OLD_INDEX = "stock_1__id_1"
BATCH = """query($id: ID!) { batchOperation(id: $id) { status totalItems successCount failureCount
    retryOf error publication { pending published failed } } }"""
RETRY = "mutation($id: ID!) { retryBatch(id: $id) { id retryOf totalItems } }"
RETRY_PUBLICATION = "mutation($id: ID!) { retryPublication(id: $id) { id } }"

# 0.1.0 took the first 30 digits of a number, so that this is another request now.
CUT = "keyed long number"

# How each batch ends that 0.1.0 has not ended: status, successes, failures.
ENDS = {
    "processing": ("COMPLETED", 108, 0),
    "to be cancelled": ("CANCELLED", None, None),  # as far as 0.1.0 came
    "waiting stock": ("COMPLETED", 19, 2),
    "waiting price": ("COMPLETED", 3, 1),
    "waiting discontinue": ("COMPLETED", 1, 0),
    "publishing": ("COMPLETED", 23, 2),
}


@pytest.fixture(scope="module")
def written() -> Written:
    return Written()


@pytest.fixture
def folder(written: Written, data_dir: Path) -> Path:
    written.restore(data_dir)
    return data_dir


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=60) as client:
        yield client


def test_everything_reads_as_0_1_0_answered_it(
    written: Written, folder: Path, serve: Serve, client: httpx.Client
) -> None:
    server = serve(folder, WORKER_ENABLED="false", EXPIRY_SWEEP_SECONDS="86400")
    gaps = batches_with_gaps(written)
    reads = [one for one in written.reads if not (one["batch"] in gaps and shows_results(one))]

    different = [
        (one["sent"] or one["path"], answer, one["answer"])
        for one in reads
        if (answer := answered(server, client, one)) != one["answer"]
    ]

    assert different == []
    assert len(reads) > 500


def test_the_collections_become_those_of_a_new_database(
    folder: Path, serve: Serve, running: ServerProcess
) -> None:
    new = collections(running)

    old = collections(serve(folder))

    assert old == new
    assert OLD_INDEX not in old["products"]["indexes"]


def test_keys_stand_for_the_requests_that_0_1_0_answered(
    written: Written, folder: Path, serve: Serve, client: httpx.Client
) -> None:
    server = serve(folder, WORKER_ENABLED="false")
    before = stored(server)

    for name, exchange in written.keyed.items():
        if name != CUT:
            assert_replayed(name, client.request(**request(server, exchange)), exchange)
    for name, exchange in written.keyed.items():
        sent = exchange if name == CUT else changed(exchange)
        answer = client.request(**request(server, sent))
        assert "IDEMPOTENCY_KEY_REUSED" in answer.text, name

    assert len(written.keyed) == 17
    assert stored(server) == before


def test_a_keyed_request_that_was_interrupted_is_finished_when_it_is_sent_again(
    written: Written, folder: Path, serve: Serve, client: httpx.Client
) -> None:
    server = serve(folder, WORKER_ENABLED="false")
    before = stored(server)["stockUpdates"]

    twice = {
        name: [client.request(**request(server, sent)).json() for _ in range(2)]
        for name, sent in written.interrupted.items()
    }

    for first, second in twice.values():
        assert first == second
        assert first["extensions"] == {"idempotentReplay": True}
    results = twice["stock"][0]["data"]["batchUpdateStock"]
    assert [one["index"] for one in results if not one["success"]] == [2, 14]  # discontinued
    assert len(results) == 22
    stats = twice["ends"][0]["data"]["batchUpdateProducts"]["stats"]
    assert stats == {"total": 8, "updated": 3, "notFound": 1, "failed": 4}
    rows = stored(server)["stockUpdates"]
    of_the_batch = [one for one in rows if one.get("batchId") == rows_of(server, "i-stock")]
    assert sorted(one["index"] for one in of_the_batch) == list(range(22))
    assert 0 < len(rows) - len(before) < 22  # 0.1.0 has done a part of it


def test_unfinished_batches_come_to_their_end(
    written: Written, folder: Path, serve: Serve, client: httpx.Client
) -> None:
    with receiving() as receiver:
        server = serve(
            folder, PUBLISH_URL=receiver.url, EXPIRY_SWEEP_SECONDS="1", WORKER_LEASE_SECONDS="2"
        )
        until_everything_has_ended(server)
        retried = server.graphql(RETRY, id=written.batches["stock by NDJSON"])["retryBatch"]
        server.graphql(RETRY_PUBLICATION, id=written.batches["unpublished"])
        until_everything_has_ended(server)

        assert_ended(server, written)
        assert_published(server, written, receiver)
        assert_retried(server, written, retried)
        assert_conserved(server, written)
        assert_unchanged(server, client, written)


def batches_with_gaps(written: Written) -> set[str]:
    """Those that run: today their results end before the first chunk that is not done."""
    return {
        one["batch"]
        for one in written.reads
        if one["path"].startswith("/api/batches/")
        and one["path"].endswith(str(one["batch"]))
        and one["answer"][0]["status"] == "processing"
    }


def shows_results(exchange: Mapping[str, Any]) -> bool:
    return "results(" in (exchange["sent"] or "") or exchange["path"].endswith(exchange["batch"])


def answered(server: ServerProcess, client: httpx.Client, exchange: Mapping[str, Any]) -> Any:
    answer = client.request(**request(server, exchange))
    assert answer.status_code == exchange["status"]
    return shown(exchange)(answer.text)


def request(server: ServerProcess, exchange: Mapping[str, Any]) -> Document:
    return {
        "method": exchange["method"],
        "url": server.url + exchange["path"],
        "headers": exchange["headers"],
        "content": exchange["sent"],
    }


def collections(server: ServerProcess) -> Document:
    """The validators and indexes of each."""
    with server.mongo() as mongo:
        database = mongo["stockbatch"]
        return {
            one["name"]: {
                "options": one["options"],
                "indexes": database[one["name"]].index_information(),
            }
            for one in database.list_collections()
        }


def stored(server: ServerProcess) -> dict[str, list[Document]]:
    """Every document, but for what a restart may delete."""
    with server.mongo() as mongo:
        database = mongo["stockbatch"]
        return {
            name: list(database[name].find().sort("_id"))
            for name in ("products", "stockUpdates", "batchOperations", "batchChunks")
        }


def rows_of(server: ServerProcess, key: str) -> ObjectId:
    with server.mongo() as mongo:
        (batch,) = mongo["stockbatch"]["batchOperations"].find({"idempotencyKey": key})
        found: ObjectId = batch["_id"]
        return found


def assert_replayed(name: str, answer: httpx.Response, first: Mapping[str, Any]) -> None:
    """The first answer again, marked as such; the status of a submission may have gone on."""
    assert answer.status_code == first["status"], (name, answer.text)
    if first["path"] == "/graphql":
        expected = {"data": first["answer"]["data"], "extensions": {"idempotentReplay": True}}
        assert answer.json() == expected, name
    else:
        assert answer.headers["Idempotent-Replayed"] == "true", name
        assert shown(first)(answer.text)[0]["batchId"] == first["answer"][0]["batchId"], name


def changed(exchange: Mapping[str, Any]) -> Document:
    """The same key with another content: the last item comes twice."""
    sent: str = exchange["sent"]
    if exchange["headers"]["Content-Type"] == "text/csv":
        return {**exchange, "sent": sent + sent.splitlines()[-1]}
    content = json.loads(sent)
    items = next(items_in(content))
    items.append(items[-1])
    return {**exchange, "sent": json.dumps(content)}


def items_in(content: Any) -> Iterator[list[Any]]:
    """The lists in a request, of which the first is that of its items."""
    if isinstance(content, list):
        yield content
    elif isinstance(content, dict):
        for value in content.values():
            yield from items_in(value)


def until_everything_has_ended(server: ServerProcess) -> None:
    with server.mongo() as mongo:
        database = mongo["stockbatch"]
        until(lambda: has_ended(database), "the end of all batches", seconds=90)


def has_ended(database: Database[Document]) -> bool:
    return not (
        database["batchOperations"].count_documents({"status": {"$nin": list(FINAL)}})
        or database["batchChunks"].count_documents({"publishingCount": {"$gt": 0}})
        or database["products"].count_documents({"name": {"$regex": "^Stale bread"}})
    )


def assert_ended(server: ServerProcess, written: Written) -> None:
    for name, (status, successes, failures) in ENDS.items():
        batch = server.graphql(BATCH, id=written.batches[name])["batchOperation"]
        assert batch["status"] == status, name
        if successes is not None:
            assert (batch["successCount"], batch["failureCount"]) == (successes, failures), name
        else:
            assert batch["successCount"] > 0
            assert batch["failureCount"] > 0
    removed = server.graphql(BATCH, id=written.batches["submitting"])
    assert removed == {"batchOperation": None}


def assert_published(server: ServerProcess, written: Written, receiver: Receiver) -> None:
    """What was not published yet is; what was is not sent again."""
    everything = {"publishing": 23, "unpublished": 5, "waiting price": 3}
    for name, count in everything.items():
        batch = server.graphql(BATCH, id=written.batches[name])["batchOperation"]
        assert batch["publication"] == {"pending": 0, "published": count, "failed": 0}, name
    sent = [
        price["index"]
        for _, price in receiver.received
        if price["batchId"] == written.batches["publishing"]
    ]
    assert sorted(sent) == [index for index in range(10, 25) if index not in (13, 22)]


def assert_retried(server: ServerProcess, written: Written, retried: Document) -> None:
    old = server.graphql(BATCH, id=written.batches["stock by NDJSON"])["batchOperation"]
    new = server.graphql(BATCH, id=retried["id"])["batchOperation"]
    assert new["retryOf"] == written.batches["stock by NDJSON"]
    assert (new["status"], new["totalItems"]) == ("COMPLETED", old["failureCount"])


def assert_conserved(server: ServerProcess, written: Written) -> None:
    with server.mongo() as mongo:
        database = mongo["stockbatch"]
        there = {str(one) for one in database["products"].distinct("_id")}
        gone = written.opening.keys() - there
        opening = {one: stock for one, stock in written.opening.items() if one in there}
        assert len(opening) > 80
        assert_batches_are_exact(database, opening, deleted=gone)


def assert_unchanged(server: ServerProcess, client: httpx.Client, written: Written) -> None:
    """The batches that had ended read as before."""
    changing = {written.batches[name] for name in (*ENDS, "unpublished", "submitting")}
    with server.mongo() as mongo:
        keys = {"idempotencyKey": {"$in": ["i-stock", "i-ends"]}}
        changing |= {
            str(one) for one in mongo["stockbatch"]["batchOperations"].distinct("_id", keys)
        }
    for one in written.reads:
        if one["batch"] is not None and one["batch"] not in changing:
            assert answered(server, client, one) == one["answer"], one["sent"] or one["path"]
