"""Kill a server while it takes a batch, or between a batch's effect and its answer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest

from tests.support.processes.depot import Depot, Document, failures, stock_inputs
from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess

_SUBMIT = """
mutation Submit($updates: [StockUpdateInput!]!) {
  submitBatch(operation: { updateStock: { updates: $updates } }, idempotencyKey: "one") {
    id status totalItems
  }
}
"""
_UPDATE = """
mutation Update($updates: [StockUpdateInput!]!) {
  batchUpdateStock(updates: $updates, options: { batchSize: 5 }, idempotencyKey: "one") {
    index success newStock
  }
}
"""
_COUNT = "{ batchOperations { totalCount } }"
MANY, SOME = 30_000, 42
REMAINS = ("batchOperations", "batchChunks", "stockUpdates")


@contextmanager
def asking(server: ServerProcess, query: str, updates: list[Document]) -> Iterator[None]:
    """Send a request that gets no answer; kill the server after the block."""

    def ask() -> None:
        with suppress(httpx.TransportError):
            pytest.fail(f"answered: {server.post(query, updates=updates).text[:500]}")

    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(ask)
        try:
            yield
        finally:
            server.kill()
        asked.result()


def depot_counts(depot: Depot) -> list[int]:
    return [depot.database[name].count_documents({}) for name in REMAINS]


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_large_batch_whose_server_is_killed_as_it_takes_it_never_was(
    depot: Depot,
) -> None:
    updates = stock_inputs(MANY, await depot.products(1_000))
    depot.block("commitTransaction", ms=300)
    with asking(depot.server(WORKER_ENABLED="false").wait_until_ready(), _SUBMIT, updates):
        until(lambda: depot.database["batchChunks"].count_documents({}) >= 32, "a part of it")

    other = depot.server(IDEMPOTENCY_WAIT_SECONDS="0").wait_until_ready()
    depot.unblock()

    counts = depot_counts(depot)
    assert counts[0] == 1
    assert 32 <= counts[1] < MANY / 500
    assert other.graphql(_COUNT) == {"batchOperations": {"totalCount": 0}}
    (error,) = other.post(_SUBMIT, updates=updates).json()["errors"]
    assert error["extensions"]["code"] == "IDEMPOTENCY_KEY_IN_USE"
    until(lambda: depot_counts(depot) == [0, 0, 0], "the end of the remains", seconds=60)
    assert depot.shop.stocks() == depot.opening
    batch = other.graphql(_SUBMIT, updates=updates)["submitBatch"]
    assert batch["totalItems"] == MANY
    assert depot.until_ended(batch["id"], seconds=180)["failureCount"] == failures(MANY)
    depot.assert_exact()


async def test_a_keyed_call_whose_server_is_killed_before_the_answer_is_answered_when_repeated(
    depot: Depot,
) -> None:
    updates = stock_inputs(SOME, await depot.products(10))
    depot.block("find", "batchOperations", ms=1_000)  # what it does once its chunks are done
    with asking(depot.server(WORKER_ENABLED="false").wait_until_ready(), _UPDATE, updates):
        until(depot.database["batchChunks"].find_one, "the batch")
        until(lambda: not depot.database["batchChunks"].find_one({"status": "pending"}), "its end")
    after = depot.shop.stocks()
    depot.unblock()

    other = depot.server(WORKER_ENABLED="false").wait_until_ready()
    answer = other.post(_UPDATE, updates=updates).json()

    assert answer["extensions"]["idempotentReplay"] is True
    assert_answers_all(answer)
    assert depot.shop.stocks() == after != depot.opening
    depot.assert_exact()


@pytest.mark.parametrize("who", ["the caller", "a worker"])
async def test_a_keyed_call_whose_server_is_killed_in_the_middle_is_finished_by(
    depot: Depot, who: str
) -> None:
    updates = stock_inputs(SOME, await depot.products(10))
    # Four claims, and of four receipts the first one.
    met = depot.block("findAndModify", "batchChunks", times=5, ms=900)
    with asking(depot.server(WORKER_ENABLED="false").wait_until_ready(), _UPDATE, updates):
        depot.until_blocked(met + 5)
    (batch,) = depot.database["batchOperations"].find()
    assert depot.chunks(str(batch["_id"]), status="pending")

    if who == "a worker":
        depot.worker()
        depot.until_ended(str(batch["_id"]))
    other = depot.server(WORKER_ENABLED="false", IDEMPOTENCY_WAIT_SECONDS="60").wait_until_ready()
    answer = other.post(_UPDATE, updates=updates).json()

    assert answer["extensions"]["idempotentReplay"] is True
    assert_answers_all(answer)
    assert depot.database["batchOperations"].count_documents({}) == 1
    depot.assert_exact()


def assert_answers_all(answer: dict[str, Any]) -> None:
    results = answer["data"]["batchUpdateStock"]
    assert [one["index"] for one in results] == list(range(SOME))
    assert sum(not one["success"] for one in results) == failures(SOME)
