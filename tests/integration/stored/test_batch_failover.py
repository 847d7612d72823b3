"""Kill or pause the primary in the middle of background batches: each ends, and is exact.

Two processes work on every batch, one with each driver. This takes minutes.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from server.batches.request import BatchRequest
from server.domain.batch_progress import BatchProgress
from server.domain.batch_state import BatchState
from server.domain.options import BatchOptions
from server.jobs.background import Background
from server.kinds.update_stock.declaration import UPDATE_STOCK
from tests.support.batches.batch_invariants import assert_batches_are_exact
from tests.support.processes.replica_set import ReplicaSet, three_members
from tests.support.shop import UNKNOWN_ID, Shop, open_shop

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("garbage_collected"),
    # PyMongo's asyncio client leaves connection attempts to a dead member unclosed.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

KILLS, HANGS = 5, 3
PRODUCTS = 3_000
OPENING = 1_000
BAD = 20  # every so many-th item
PAUSED_SECONDS = 20.0


async def test_a_batch_is_exact_though_the_primary_is_killed_in_its_middle(tmp_path: Path) -> None:
    with three_members(tmp_path) as members:
        async with two_processes(members) as run:
            for _ in range(KILLS):
                batch = await run.begun(10_000)
                killed = await run.strike(members.kill_primary)
                await run.next_chunk()
                await asyncio.to_thread(members.restart, killed)
                await run.check(await batch)
    run.report("kill")


async def test_a_batch_is_exact_though_the_primary_hangs_in_its_middle(tmp_path: Path) -> None:
    """It comes back after 20 s, and still takes itself for the primary."""
    with three_members(tmp_path) as members:
        async with two_processes(members) as run:
            for _ in range(HANGS):
                batch = await run.begun(40_000)
                paused = await run.strike(members.pause_primary)
                ends = time.monotonic() + PAUSED_SECONDS
                await run.next_chunk()
                await asyncio.sleep(ends - time.monotonic())
                was_under_way = not batch.done()
                await asyncio.to_thread(members.resume, paused)
                await run.check(await batch)
                print("under way when it came back:", was_under_way)
    run.report("pause")


@dataclass
class Run:
    """A run of batches; `seen` is what a subscriber was told of the current one."""

    shops: Sequence[Shop]
    ids: Sequence[str]
    observer: MongoClient[dict[str, Any]]

    def __post_init__(self) -> None:
        self.seen: list[BatchProgress] = []
        self.struck = 0.0
        self.pauses: list[float] = []
        self._middle = asyncio.Event()

    async def begun(self, size: int) -> asyncio.Task[BatchProgress]:
        """Start a batch, and return when it has come to its middle."""
        self.seen, self._middle = [], asyncio.Event()
        batch = asyncio.create_task(self._batch(size))
        middle = asyncio.create_task(self._middle.wait())
        await asyncio.wait({batch, middle}, return_when=asyncio.FIRST_COMPLETED)
        assert middle.done(), batch.exception()
        return batch

    async def _batch(self, size: int) -> BatchProgress:
        """Submit a batch through one shop, and watch it through the other to its end."""
        inputs: list[dict[str, Any]] = [
            {"productId": self.ids[(index * 7) % PRODUCTS], "quantity": 1 + index % 3}
            for index in range(size)
        ]
        for index in range(0, size, BAD):
            bad = ({"productId": UNKNOWN_ID}, {"quantity": -1_000_000}, {"productId": "no id"})
            inputs[index] |= bad[index // BAD % 3]
        request = BatchRequest(work=UPDATE_STOCK.work(), options=BatchOptions(batch_size=100))
        submitted = await self.shops[0].services.submissions.submit(request, inputs)
        async for state in self.shops[1].services.progress.watch(submitted.batch.id):
            self.seen.append(state)
            if state.processed_items > size // 4:
                self._middle.set()
        return self.seen[-1]

    async def strike(self, blow: Callable[[], int]) -> int:
        port = await asyncio.to_thread(blow)
        self.struck = time.monotonic()
        assert not self.seen[-1].state.is_final
        return port

    async def next_chunk(self) -> None:
        """Wait until a chunk is done whose progress was first told after the blow."""
        first = None
        while True:
            done = await asyncio.to_thread(self._chunks_done)
            if done is not None and first is not None and done > first:
                break
            first = done if first is None else first
            await asyncio.sleep(0.02)
        self.pauses.append(time.monotonic() - self.struck)

    async def check(self, last: BatchProgress) -> None:
        assert last.state is BatchState.COMPLETED
        assert last.failure_count == last.total_items // BAD
        assert last.success_count == last.total_items - last.failure_count
        counts = [(one.processed_items, one.success_count, one.failure_count) for one in self.seen]
        assert counts == sorted(counts)
        assert [one for one in self.seen if one.state.is_final] == [last]
        opening = dict.fromkeys(self.ids, OPENING)
        database = self.shops[0].admin[self.shops[0].database]
        await asyncio.to_thread(assert_batches_are_exact, database, opening)

    def report(self, blow: str) -> None:
        told = ", ".join(f"{seconds:.1f}" for seconds in self.pauses)
        print(f"seconds from the {blow} to the next chunk: {told}")

    def _chunks_done(self) -> int | None:
        database = self.observer.get_database(
            self.shops[0].database, read_concern=ReadConcern("majority")
        )
        batch = ObjectId(self.seen[-1].id)
        with suppress(PyMongoError):
            return database["batchChunks"].count_documents({"batchId": batch, "status": "done"})
        return None


@asynccontextmanager
async def two_processes(members: ReplicaSet) -> AsyncIterator[Run]:
    """Run two workers; check that no batch lacks a live lease for more than a minute."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(open_shop(members.uri, "motor"))
        second = await stack.enter_async_context(
            open_shop(members.uri, "pymongo", database=first.database)
        )
        ids = await first.put(*[OPENING] * PRODUCTS)
        impatient = {"socketTimeoutMS": 1_000, "serverSelectionTimeoutMS": 500}
        observer = stack.enter_context(
            MongoClient[dict[str, Any]](members.uri, connectTimeoutMS=1_000, **impatient)
        )
        for assembly in (first.assembly, second.assembly):
            background = Background(
                assembly.worker, assembly.housekeeping, assembly.retention, None
            )
            await stack.enter_async_context(background.running())
        watching = asyncio.create_task(longest_without_a_lease(observer, first.database))
        yield Run((first, second), ids, observer)
        watching.cancel()
        longest = await watching
        print(f"longest without a live lease: {longest:.1f} s")
        assert longest < 60


async def longest_without_a_lease(observer: MongoClient[dict[str, Any]], database: str) -> float:
    """Measure until cancelled for how many seconds a processing batch had no live lease."""
    longest = 0.0
    since: dict[ObjectId, float] = {}
    with suppress(asyncio.CancelledError):
        while True:
            with suppress(PyMongoError):
                held, processing = await asyncio.to_thread(_leases, observer, database)
                now = time.monotonic()
                since = {one: since.get(one, now) for one in processing - held}
                longest = max([longest, *(now - one for one in since.values())])
            await asyncio.sleep(0.2)
    return longest


def _leases(
    observer: MongoClient[dict[str, Any]], database: str
) -> tuple[set[ObjectId], set[ObjectId]]:
    """Return the batches that have a live lease, and those that are processing."""
    batches, chunks = (observer[database][one] for one in ("batchOperations", "batchChunks"))
    processing = set(batches.distinct("_id", {"status": "processing"}))
    live = {"$expr": {"$gt": ["$lease.expiresAt", "$$NOW"]}, "status": "pending"}
    return set(
        chunks.distinct("batchId", {"batchId": {"$in": list(processing)}} | live)
    ), processing
