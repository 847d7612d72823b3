"""Kill workers again and again in the middle of a large batch, and count what became of it."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass

from tests.support.batches.batch_invariants import FINAL, Document
from tests.support.processes.depot import Depot, must_fail
from tests.support.processes.process_table import until
from tests.support.processes.worker_process import WorkerProcess

WORKERS = 3
ITEMS_PER_KILL, CHUNK, PRODUCTS = 1_650, 50, 3_000
LONGEST_PAUSE = 1.0  # seconds between a claim and a kill


@dataclass(frozen=True, slots=True, kw_only=True)
class Soak:
    """What became of a batch whose workers were killed.

    `at_work` is how many of the killed workers had a chunk, and `deaths` how many of them are noted
    in chunks as deaths in a transaction. `failed` and `bad` are the items that failed and had to.
    """

    kills: int
    at_work: int
    seconds: float
    taken_over: int
    deaths: int
    chunks: int
    items: int
    failed: frozenset[int]
    bad: frozenset[int]
    doubled: int
    lost: int
    status: str

    @property
    def faults(self) -> list[str]:
        """Return what must not be."""
        innocent, spared = sorted(self.failed - self.bad), sorted(self.bad - self.failed)
        return [
            *([f"the batch is {self.status}"] if self.status != "completed" else []),
            *([f"items failed that were good: {innocent}"] if innocent else []),
            *([f"items were applied that were bad: {spared}"] if spared else []),
            *([f"items were applied twice: {self.doubled}"] if self.doubled else []),
            *([f"items were lost: {self.lost}"] if self.lost else []),
            *(["few of the kills met a worker at work"] if self.at_work < self.kills / 2 else []),
        ]


async def soak(depot: Depot, kills: int, *, seed: int = 2026) -> Soak:
    """Kill one of three workers, with two chunks each, so many times; a new one replaces it."""
    items, dice = kills * ITEMS_PER_KILL, random.Random(seed)
    batch_id = await depot.stock_updates(items, products=PRODUCTS, batch_size=CHUNK)
    depot.block("commitTransaction", ms=400)  # the work outlasts the kills; most are committing
    workers = [_two_handed(depot) for _ in range(WORKERS)]
    began, at_work = time.monotonic(), 0
    for number in range(kills):
        if number == kills // 2:
            depot.block("update", ms=120)  # now most die before they commit
        victim = dice.randrange(WORKERS)
        until(lambda victim=victim: depot.chunks_of(workers[victim]), "a victim that has a chunk")
        await asyncio.sleep(dice.uniform(0, LONGEST_PAUSE))  # whatever it is doing then
        workers[victim].kill()
        at_work += bool(depot.chunks_of(workers[victim]))
        workers[victim] = _two_handed(depot)
    assert depot.batch(batch_id)["status"] not in FINAL, "the batch was too small"
    depot.unblock()
    batch = depot.until_ended(batch_id, seconds=300)
    found = depot.chunks(batch_id)
    outcomes = [outcome for chunk in found for outcome in chunk["outcomes"]]
    return Soak(
        kills=kills,
        at_work=at_work,
        seconds=time.monotonic() - began,
        taken_over=sum(chunk["crashes"] for chunk in found),
        deaths=sum(len(chunk.get("deaths", [])) for chunk in found),
        chunks=len(found),
        items=items,
        failed=frozenset(one["index"] for one in outcomes if one["kind"] == "failed"),
        bad=frozenset(index for index in range(items) if must_fail(index)),
        doubled=_doubled(depot, batch),
        lost=items - len({outcome["index"] for outcome in outcomes}),
        status=batch["status"],
    )


def _doubled(depot: Depot, batch: Document) -> int:
    """Return how many items have more than one row in the ledger."""
    rows = depot.database["stockUpdates"].find({"batchId": batch["_id"]}, {"index": 1})
    return sum(count > 1 for count in Counter(row["index"] for row in rows).values())


def _two_handed(depot: Depot) -> WorkerProcess:
    return depot.worker(WORKER_CHUNKS="2")
