"""Kill three workers again and again in the middle of a large batch."""

import asyncio
import random
import time

import pytest

from tests.support.batches.batch_invariants import FINAL
from tests.support.processes.depot import Depot, failures, must_fail
from tests.support.processes.process_table import until
from tests.support.processes.worker_process import WorkerProcess

ITEMS, PRODUCTS, CHUNK = 100_000, 3_000, 50
KILLS = 60
WORKERS = 3
LONGEST_PAUSE = 1.5  # seconds between a kill and the next one; with less, items are blamed for it


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_hundred_thousand_updates_survive_sixty_kills(depot: Depot) -> None:
    batch_id = await depot.stock_updates(ITEMS, products=PRODUCTS, batch_size=CHUNK)
    dice = random.Random(2026)
    depot.block("commitTransaction", ms=400)  # so that the work outlasts the kills; most are on
    # their way then
    workers = [two_handed(depot) for _ in range(WORKERS)]
    began, at_work = time.monotonic(), 0

    for number in range(KILLS):
        if number == KILLS // 2:
            depot.block("update", ms=120)  # now most die before they commit
        victim = dice.randrange(WORKERS)
        until(lambda victim=victim: depot.chunks_of(workers[victim]), "a victim that has a chunk")
        await asyncio.sleep(dice.uniform(0, LONGEST_PAUSE))  # whatever it is doing then
        workers[victim].kill()
        at_work += bool(depot.chunks_of(workers[victim]))
        workers[victim] = two_handed(depot)

    assert depot.batch(batch_id)["status"] not in FINAL, "the batch was too small"
    killing = time.monotonic() - began
    depot.unblock()
    batch = depot.until_ended(batch_id, seconds=300)
    print(
        f"{KILLS} kills in {killing:.0f} s, {at_work} of a worker that had a chunk; "
        f"ended after {time.monotonic() - began:.0f} s; "
        f"{sum(one['crashes'] for one in depot.chunks(batch_id))} chunks taken over"
    )
    blamed = sum(
        outcome.get("errors", [{}])[0].get("code") == "INTERNAL"
        for one in depot.chunks(batch_id)
        for outcome in one["outcomes"]
        if not must_fail(outcome["index"])
    )  # a worker that is killed time after time looks as if an item did it
    assert (batch["status"], batch["failureCount"]) == ("completed", failures(ITEMS) + blamed)
    assert blamed < KILLS // 10
    assert at_work >= KILLS // 2
    depot.assert_exact()


def two_handed(depot: Depot) -> WorkerProcess:
    return depot.worker(WORKER_CHUNKS="2")
