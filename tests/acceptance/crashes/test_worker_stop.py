"""Stop a worker, and start one that cannot work."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any, Protocol

import pytest

from tests.acceptance.conftest import Serve
from tests.support.processes.depot import Depot, failures
from tests.support.processes.process_table import until
from tests.support.processes.worker_process import WorkerProcess
from tests.support.shop import UNKNOWN_ID

_SUBMIT = """
mutation Submit($updates: [StockUpdateInput!]!) {
  submitBatch(operation: { updateStock: { updates: $updates, batchSize: 20 } }) { id }
}
"""
TIMES = 50
PROMISED_SECONDS = 25  # from SIGTERM to the end
ITEMS, PRODUCTS, CHUNK = 24_000, 600, 20


class Employ(Protocol):
    """Start a worker, without waiting for it."""

    def __call__(self, **settings: str | Path) -> WorkerProcess: ...


@pytest.fixture
def employ(tmp_path: Path) -> Iterator[Employ]:
    with ExitStack() as stack:

        def employ_(**settings: str | Path) -> WorkerProcess:
            worker = WorkerProcess(tmp_path / "worker.log", settings)
            stack.callback(worker.close)
            return worker

        yield employ_


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_worker_is_started_and_stopped_fifty_times_while_a_batch_runs(
    depot: Depot,
) -> None:
    batch_id = await depot.stock_updates(ITEMS, products=PRODUCTS, batch_size=CHUNK)
    depot.block("commitTransaction", ms=100)  # so that the batch outlasts it
    dice = Random(2026)

    def start_and_stop(at_work: float) -> tuple[int, float, str]:
        worker = depot.worker().wait_until_ready()
        time.sleep(at_work)
        told = time.monotonic()
        status = worker.stop()
        return status, time.monotonic() - told, worker.log

    pauses = [dice.uniform(0, 0.7) for _ in range(TIMES)]
    with ThreadPoolExecutor(2) as side_by_side:
        ends = list(side_by_side.map(start_and_stop, pauses))

    print(f"{TIMES} ends, the longest in {max(seconds for _, seconds, _ in ends):.1f} s")
    assert [status for status, _, _ in ends] == [0] * TIMES
    assert [seconds for _, seconds, _ in ends if seconds > PROMISED_SECONDS] == []
    assert [log for _, _, log in ends if "Traceback" in log] == []
    left = len(depot.chunks(batch_id, status="pending"))
    assert 0 < left < len(depot.chunks(batch_id))
    assert not depot.chunks(batch_id, lease={"$exists": True})
    depot.unblock()
    depot.worker()
    assert depot.until_ended(batch_id, seconds=180)["failureCount"] == failures(ITEMS)
    depot.assert_exact()


def test_a_worker_without_a_database_says_so_in_a_sentence(employ: Employ, tmp_path: Path) -> None:
    worker = employ(DATA_DIR=tmp_path / "none")

    status = worker.wait()

    (sentence,) = worker.log.splitlines()
    assert sentence.startswith("stockbatch: There is no database to work on")
    assert "MONGODB_URI" in sentence
    assert str(tmp_path / "none") in sentence
    assert status == 1


def test_a_worker_works_on_the_database_of_the_server_beside_it(
    serve: Serve, employ: Employ
) -> None:
    server = serve(WORKER_ENABLED="false")

    worker = employ(DATA_DIR=server.data_dir)

    batch_id = server.graphql(_SUBMIT, updates=_to_nobody(1))["submitBatch"]["id"]
    with server.mongo() as client:
        batches = client["stockbatch"]["batchOperations"]
        until(lambda: batches.find_one({"status": "completed"}), "the end of the batch")
        assert [str(one["_id"]) for one in batches.find()] == [batch_id]
    assert worker.stop() == 0


def test_a_worker_whose_database_is_gone_for_good_ends_when_told(
    serve: Serve, employ: Employ
) -> None:
    server = serve(WORKER_ENABLED="false")
    server.graphql(_SUBMIT, updates=_to_nobody(20_000))
    worker = employ(DATA_DIR=server.data_dir)
    with server.mongo() as client:
        chunks = client["stockbatch"]["batchChunks"]
        until(lambda: chunks.find_one({"status": "done"}), "the first chunk")

    server.kill()  # which is the end of the database, too
    told = time.monotonic()
    worker.send(signal.SIGTERM)

    assert worker.wait(seconds=PROMISED_SECONDS) == 0
    print(f"ended in {time.monotonic() - told:.1f} s")
    assert "Traceback" not in worker.log


def _to_nobody(items: int) -> list[dict[str, Any]]:
    return [{"productId": UNKNOWN_ID, "quantity": 1} for _ in range(items)]
