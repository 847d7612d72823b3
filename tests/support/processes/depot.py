"""Submit batches to a database, and start the processes that work on them."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo.database import Database

from server.batches.request import BatchRequest
from server.domain.options import BatchOptions
from server.kinds.create_products.declaration import CREATE_PRODUCTS
from server.kinds.kind import BatchWork
from server.kinds.update_stock.declaration import UPDATE_STOCK
from tests.support.batches.batch_invariants import FINAL, assert_batches_are_exact
from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess
from tests.support.processes.worker_process import WorkerProcess
from tests.support.shop import UNKNOWN_ID, Shop

Document = dict[str, Any]
LEASE_SECONDS = 1  # the shortest there is
FOR_EVER = 60_000  # milliseconds; for longer than a test lasts


class Depot:
    """A database with stored batches, which only the processes started here run."""

    def __init__(self, shop: Shop, uri: str, folder: Path, stack: ExitStack) -> None:
        self.shop = shop
        self.opening: dict[str, int] = {}
        self._uri = uri
        self._folder = folder
        self._stack = stack
        self._numbers = count(1)

    @property
    def database(self) -> Database[Document]:
        """Return the database of a client that no fail point touches."""
        return self.shop.admin[self.shop.database]

    def worker(self, **settings: str) -> WorkerProcess:
        """Start a worker with short leases; every second one uses the other driver."""
        number = next(self._numbers)
        driver = {"MONGODB_DRIVER": ["motor", "pymongo"][number % 2]}
        worker = WorkerProcess(
            self._folder / f"worker-{number}.log", self._address | driver | settings, forked=True
        )
        self._stack.callback(worker.close)
        return worker

    def server(self, **settings: str) -> ServerProcess:
        """Start a server with short leases."""
        number = next(self._numbers)
        log = self._folder / f"server-{number}.log"
        server = ServerProcess(self._folder / "none", log, self._address | settings, forked=True)
        self._stack.callback(server.close)
        return server

    @property
    def _address(self) -> dict[str, str]:
        return {
            "MONGODB_URI": self._uri,
            "MONGODB_DATABASE": self.shop.database,
            "WORKER_LEASE_SECONDS": str(LEASE_SECONDS),
        }

    async def products(self, count: int) -> list[str]:
        """Put `count` new products; return their ids."""
        ids = await self.shop.put(*(100 + place for place in range(count)))
        self.opening |= self.shop.stocks()
        return ids

    async def stock_updates(self, items: int, *, products: int, batch_size: int) -> str:
        """Submit stock updates, of which one in seven must fail; return the batch's id."""
        inputs = stock_inputs(items, await self.products(products))
        return await self.submit(UPDATE_STOCK.work(), inputs, batch_size)

    async def creations(self, items: int, *, batch_size: int) -> str:
        """Submit products to create, one in seven without a valid price; return the batch's id."""
        return await self.submit(CREATE_PRODUCTS.work(), creation_inputs(items), batch_size)

    async def submit(
        self, operation: BatchWork, inputs: Sequence[Mapping[str, Any]], batch_size: int
    ) -> str:
        options = BatchOptions(batch_size=batch_size)
        request = BatchRequest(work=operation, options=options)
        return (await self.shop.services.submissions.submit(request, inputs)).batch.id

    def batch(self, batch_id: str) -> Document:
        """Return the batch as it is stored."""
        (found,) = self.database["batchOperations"].find({"_id": ObjectId(batch_id)})
        return found

    def chunks(self, batch_id: str, **where: Any) -> list[Document]:
        found = self.database["batchChunks"].find({"batchId": ObjectId(batch_id), **where})
        return list(found.sort("index"))

    def chunks_of(self, process: WorkerProcess | ServerProcess) -> int:
        """Return how many chunks this process has a lease of."""
        return self.database["batchChunks"].count_documents(
            {"lease.worker": {"$regex": f"-{process.pid}-"}}
        )

    def until_ended(self, batch_id: str, *, seconds: float = 60) -> Document:
        """Wait until the batch has ended, and return it."""
        until(
            lambda: self.batch(batch_id)["status"] in FINAL, "the end of the batch", seconds=seconds
        )
        return self.batch(batch_id)

    def block(self, command: str, collection: str | None = None, *, times: int = 0, ms: int) -> int:
        """Make the database wait `ms` before it obeys such commands: the first `times`, or all.

        To end or replace a block waits for the commands that it holds. Return how many commands
        any block has met until now.
        """
        where = {"namespace": f"{self.shop.database}.{collection}"} if collection else {}
        data = {"blockConnection": True, "blockTimeMS": ms, "appName": "stockbatch"}
        before = self.shop.admin.admin.command(
            {
                "configureFailPoint": "failCommand",
                "mode": {"times": times} if times else "alwaysOn",
                "data": {"failCommands": [command], **data, **where},
            }
        )
        return int(before["count"])

    def unblock(self) -> None:
        self.shop.fail(mode="off")

    def until_blocked(self, times: int) -> None:
        """Wait until blocks have met that many commands."""
        self.shop.admin.admin.command(
            {"waitForFailPoint": "failCommand", "timesEntered": times, "maxTimeMS": 60_000}
        )

    def changes_one_of(self, collection: str) -> bool:
        """Return whether a change of a single document there is under way."""
        changes = [{"command.update": collection}, {"command.findAndModify": collection}]
        under_way = self.shop.admin.admin.aggregate(
            [
                {"$currentOp": {}},
                {"$match": {"appName": "stockbatch", "$or": changes}},
                {"$match": {"command.txnNumber": {"$exists": True}}},  # none can repeat the others
            ]
        )
        return bool(list(under_way))

    def assert_exact(self) -> None:
        """Check that every batch has ended, with each item applied once or reported as failed."""
        assert_batches_are_exact(self.database, self.opening)


def stock_inputs(items: int, ids: Sequence[str]) -> list[Document]:
    return [
        {
            "productId": UNKNOWN_ID if index % 14 == 13 else ids[index % len(ids)],
            "quantity": -1_000_000 if index % 14 == 6 else 1 + index % 5,
        }
        for index in range(items)
    ]


def creation_inputs(items: int) -> list[Document]:
    return [
        {
            "name": f"Cup {index}",
            "price": -1 if index % 7 == 6 else index,
            "stock": 1,
            "category": "tableware",
        }
        for index in range(items)
    ]


def must_fail(index: int) -> bool:
    """Return whether the input, of either kind, must fail."""
    return index % 7 == 6


def failures(items: int) -> int:
    """Return how many of the inputs, of either kind, must fail."""
    return items // 7


def one_handed(depot: Depot, **settings: str) -> WorkerProcess:
    """Start a worker that runs one chunk at a time."""
    return depot.worker(WORKER_CHUNKS="1", **settings)
