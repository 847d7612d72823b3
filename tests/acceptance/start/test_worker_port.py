"""Ask a worker whether it is well, over its own port."""

import re
import socket
from pathlib import Path

import httpx

from tests.support.processes.depot import Depot
from tests.support.processes.process_table import until
from tests.support.processes.worker_process import WorkerProcess
from tests.support.web.exposition import family

_ADDRESS = re.compile(r"Health and metrics: (http://\S+)/metrics$", re.MULTILINE)


def address(worker: WorkerProcess) -> str:
    found = _ADDRESS.search(worker.log)
    assert found, worker.log
    return found.group(1)


async def test_a_worker_tells_whether_it_is_well_and_what_it_has_done(depot: Depot) -> None:
    worker = depot.worker(WORKER_HTTP_PORT="0").wait_until_ready()
    url = address(worker)
    batch = await depot.stock_updates(6, products=6, batch_size=2)
    depot.until_ended(batch)

    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        for path in ("/healthz", "/readyz"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        told = (await client.get("/metrics")).text
        assert (await client.get("/graphql")).status_code == 404

    chunks = family(told, "stockbatch_chunk_attempts_total")[("done",)]
    assert chunks == family(told, "stockbatch_chunk_seconds_count")[("batchUpdateStock",)]
    assert family(told, "stockbatch_connections") == {("http",): 1}
    assert worker.stop() == 0


async def test_a_worker_without_the_setting_listens_nowhere(depot: Depot) -> None:
    worker = depot.worker().wait_until_ready()

    assert not _ADDRESS.search(worker.log)


async def test_a_port_that_is_taken_stops_the_start(depot: Depot, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        worker = depot.worker(WORKER_HTTP_PORT=str(port))
        until(worker.has_ended, "the end of the worker")

    assert worker.wait() == 1
    assert worker.log == (
        f"stockbatch: Cannot listen on 127.0.0.1 port {port}: Address already in use. "
        "Set WORKER_HTTP_PORT (or WORKER_LISTEN_HOST) to another one, or stop the program that has "
        "it.\n"
    )
