"""Restart two servers and two workers one after another, under load behind a small proxy.

    python -m tests.proofs.rolling_restart [--scale 0.1] [--drain-seconds 0]

Each process gets SIGTERM, ends, and is started again, in several rounds. Meanwhile callers send
mutations with and without keys, submit batches, follow their progress and download their results.
Ends with status 1 if a request, an item, a subscription or a download fails, or an item is applied
twice.
"""

import argparse
import asyncio
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bson import ObjectId

from server.kinds.update_stock.declaration import UPDATE_STOCK
from server.mongo.connection.embedded import EmbeddedMongod
from server.settings import Settings
from tests.proofs.rolling.callers import Callers
from tests.proofs.rolling.proxy import Proxy, proxying
from tests.support.databases import kept_databases
from tests.support.processes.depot import Depot
from tests.support.processes.server_process import ServerProcess
from tests.support.processes.worker_process import WorkerProcess
from tests.support.shop import open_shop
from tests.support.waiting import until

ROUNDS, PRODUCTS = 10, 500
DRAIN_SECONDS: float = Settings.model_fields["drain_seconds"].default
STOP_SECONDS = 25.0
PAUSE_SECONDS = 0.5  # of undisturbed work between two restarts


@dataclass(slots=True)
class Fleet:
    """Two servers behind a proxy, and two workers; all have been started at least once."""

    depot: Depot
    proxy: Proxy
    drain_seconds: float
    servers: list[ServerProcess]
    workers: list[WorkerProcess]
    stops: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def restart_server(self, place: int) -> None:
        await self._stop(self.servers[place])
        backend = self.proxy.backends[place]
        self.servers[place] = start_server(self.depot, backend.port, self.drain_seconds)
        await asyncio.to_thread(self.servers[place].wait_until_ready)
        await until(lambda: backend.is_ready, seconds=60)
        await asyncio.sleep(PAUSE_SECONDS)

    async def restart_worker(self, place: int) -> None:
        await self._stop(self.workers[place])
        self.workers[place] = self.depot.worker()
        await asyncio.to_thread(self.workers[place].wait_until_ready)
        await asyncio.sleep(PAUSE_SECONDS)

    async def _stop(self, process: ServerProcess | WorkerProcess) -> None:
        began = time.monotonic()
        process.send(signal.SIGTERM)
        status = await asyncio.to_thread(process.wait, seconds=60)
        self.stops.append(time.monotonic() - began)
        if status:
            self.wrong.append(f"a process ended with status {status}")
        if self.stops[-1] > STOP_SECONDS:
            self.wrong.append(f"a process took {self.stops[-1]:.1f} s to end")
        if "Traceback" in process.log:
            self.wrong.append(f"a log has a traceback: {process.log[-2_000:]}")


def start_server(depot: Depot, port: int, drain_seconds: float) -> ServerProcess:
    return depot.server(PORT=str(port), WORKER_ENABLED="false", DRAIN_SECONDS=str(drain_seconds))


async def held_batch(depot: Depot, products: Sequence[str]) -> str:
    """Submit a batch that does not begin; whoever follows it does so across all restarts."""
    inputs = [{"productId": product, "quantity": 1} for product in products]
    batch_id = await depot.submit(UPDATE_STOCK.work(), inputs, 20)
    _set_ready(depot, batch_id, datetime.now(UTC) + timedelta(days=1))
    return batch_id


def release(depot: Depot, batch_id: str) -> None:
    """Let a batch that is held begin."""
    _set_ready(depot, batch_id, datetime.now(UTC) - timedelta(seconds=1))


def _set_ready(depot: Depot, batch_id: str, at: datetime) -> None:
    chunks = depot.database["batchChunks"]
    chunks.update_many({"batchId": ObjectId(batch_id)}, {"$set": {"readyAt": at}})


def free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


async def prove(depot: Depot, rounds: int, drain_seconds: float) -> list[str]:
    """Restart everything so many times, print what came of it, and return what must not be."""
    products = await depot.products(PRODUCTS)
    held = await held_batch(depot, products)
    ports = free_ports(2)
    servers = [start_server(depot, port, drain_seconds).wait_until_ready() for port in ports]
    workers = [depot.worker().wait_until_ready() for _ in ports]
    async with proxying(ports) as proxy:
        await until(lambda: all(backend.is_ready for backend in proxy.backends))
        fleet = Fleet(depot, proxy, drain_seconds, servers, workers)
        callers = Callers(proxy.port, products)
        began, calling = time.monotonic(), asyncio.create_task(callers.run())
        following = asyncio.create_task(callers.followed(held))
        for _ in range(rounds):
            for place in range(len(ports)):
                await fleet.restart_server(place)
                await fleet.restart_worker(place)
        release(depot, held)
        end = await following
        callers.tally.items += end["successCount"]
        callers.stop.set()
        await calling
        seconds = time.monotonic() - began
    depot.assert_exact()
    tally = callers.tally
    rows = depot.database["stockUpdates"].count_documents({"status": "applied"})
    failed = depot.database["stockUpdates"].count_documents({"status": {"$ne": "applied"}})
    columns = {
        "restarts": len(fleet.stops),
        "longest stop": f"{max(fleet.stops):.1f} s",
        "forwarded": proxy.forwarded,
        "refused, and sent elsewhere": proxy.refused,
        "cut off": proxy.cut,
        "without key": tally.unkeyed,
        "with key": tally.keyed,
        "replayed": tally.replayed,
        "submitted": tally.submitted,
        "sockets opened again": tally.reconnects,
        "downloads": tally.downloads,
        "told to wait": tally.told_to_wait,
        "items": tally.items,
        "failed": failed,
        "doubled or lost": rows - tally.items,
    }
    print(f"\n{rounds} rounds in {seconds:.0f} s\n")
    print(f"| {' | '.join(columns)} |")
    print("|---" * len(columns) + "|")
    print(f"| {' | '.join(map(str, columns.values()))} |")
    return [
        *fleet.wrong,
        *tally.wrong,
        *([f"{failed} items failed"] if failed else []),
        *([f"{rows} items are applied, and {tally.items} confirmed"] * (rows != tally.items)),
        *(["the batch that was held has not ended"] * (end["status"] != "COMPLETED")),
        *(["it was not followed across the restarts"] * (tally.reconnects < rounds)),
    ]


async def proved(folder: Path, rounds: int, drain_seconds: float) -> list[str]:
    """Run the proof on a database of its own."""
    mongod = EmbeddedMongod(folder / "mongod")
    await mongod.start()
    try:
        with kept_databases(mongod.uri):
            async with open_shop(mongod.uri, "pymongo") as shop:
                with ExitStack() as stack:
                    depot = Depot(shop, mongod.uri, folder, stack)
                    return await prove(depot, rounds, drain_seconds)
    finally:
        await mongod.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--drain-seconds", type=float, default=DRAIN_SECONDS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rounds = max(1, round(ROUNDS * given.scale))
        faults = asyncio.run(proved(Path(folder), rounds, given.drain_seconds))
    print("\n".join(["", *faults]) if faults else "\nNothing failed, and nothing was done twice.")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
