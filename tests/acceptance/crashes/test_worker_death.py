"""Kill a worker at each of its steps: its batch ends soon, and is exact."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.processes.depot import (
    FOR_EVER,
    Depot,
    Document,
    creation_inputs,
    failures,
    one_handed,
)
from tests.support.processes.process_table import until
from tests.support.processes.worker_process import WorkerProcess

ITEMS, PRODUCTS, CHUNK = 56, 20, 14
TAKEN_OVER = "The lease of a chunk ran out; it is taken over"
PROMISED_SECONDS = 30  # from a kill to the end, with leases of 20 s


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A step of a worker, at which the worker started by `reach` stands still.

    `leaves_a_lease` says whether the next worker meets a lease; `chunk` is the number of items.
    """

    reach: Callable[[Depot, str], WorkerProcess]
    leaves_a_lease: bool
    chunk: int = CHUNK


def before_the_transaction(depot: Depot, batch_id: str) -> WorkerProcess:
    depot.block("find", "batchOperations", ms=3_000)  # what it does with a claimed chunk
    worker = one_handed(depot)
    until(lambda: depot.chunks_of(worker) == 1, "a claim")
    assert depot.batch(batch_id)["status"] == "pending"
    return worker


def inside_the_transaction(depot: Depot, batch_id: str) -> WorkerProcess:
    met = depot.block("findAndModify", "batchChunks", times=2, ms=900)  # its claim, its receipt
    worker = one_handed(depot)
    depot.until_blocked(met + 2)
    assert open_transactions(depot) == 1
    return worker


def the_commit_sent(depot: Depot, batch_id: str, **settings: str) -> WorkerProcess:
    met = depot.block("commitTransaction", times=1, ms=FOR_EVER)
    worker = one_handed(depot, **settings)
    depot.until_blocked(met + 1)
    assert open_transactions(depot) == 1
    return worker


def the_commit_on_its_way(depot: Depot, batch_id: str) -> WorkerProcess:
    """Send a commit that takes effect when the worker is dead."""
    met = depot.block("commitTransaction", times=1, ms=300)
    worker = one_handed(depot)
    depot.until_blocked(met + 1)
    return worker


def after_the_last_commit(depot: Depot, batch_id: str) -> WorkerProcess:
    depot.block("aggregate", "batchChunks", ms=1_500)
    worker = one_handed(depot)
    until(lambda: not depot.chunks(batch_id, status="pending"), "the last commit")
    return worker


def before_the_end_is_written(depot: Depot, batch_id: str) -> WorkerProcess:
    depot.block("findAndModify", "batchOperations", ms=1_500)
    worker = one_handed(depot)
    until(lambda: not depot.chunks(batch_id, status="pending"), "the last commit")
    until(lambda: depot.changes_one_of("batchOperations"), "the change of its state")
    return worker


MOMENTS = {
    "before the transaction": Moment(reach=before_the_transaction, leaves_a_lease=True),
    "inside the transaction": Moment(reach=inside_the_transaction, leaves_a_lease=True),
    "the commit sent": Moment(reach=the_commit_sent, leaves_a_lease=True),
    "the commit on its way": Moment(reach=the_commit_on_its_way, leaves_a_lease=False),
    "after the last commit": Moment(reach=after_the_last_commit, leaves_a_lease=False, chunk=ITEMS),
    "before the end is written": Moment(
        reach=before_the_end_is_written, leaves_a_lease=False, chunk=ITEMS
    ),
}
moments = pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)


def left_of(held: Document) -> timedelta:
    """Return how long the lease will last."""
    left: timedelta = held["lease"]["expiresAt"] - datetime.now(UTC)
    return left


def open_transactions(depot: Depot) -> int:
    return int(depot.shop.admin.admin.command("serverStatus")["transactions"]["currentOpen"])


@moments
async def test_a_stock_batch_whose_worker_is_killed(depot: Depot, moment: Moment) -> None:
    batch_id = await depot.stock_updates(ITEMS, products=PRODUCTS, batch_size=moment.chunk)
    worker = moment.reach(depot, batch_id)

    worker.kill()

    assert_ends(depot, batch_id, one_handed(depot), moment)


@moments
async def test_a_batch_of_creations_whose_worker_is_killed(depot: Depot, moment: Moment) -> None:
    batch_id = await depot.creations(ITEMS, batch_size=moment.chunk)
    worker = moment.reach(depot, batch_id)

    worker.kill()

    assert_ends(depot, batch_id, one_handed(depot), moment)
    names = Counter(one["name"] for one in depot.shop.products.find())
    assert names == Counter(one["name"] for one in creation_inputs(ITEMS) if one["price"] >= 0)


@pytest.mark.slow
async def test_a_batch_ends_within_30_seconds_of_the_end_of_its_worker(depot: Depot) -> None:
    batch_id = await depot.stock_updates(ITEMS, products=PRODUCTS, batch_size=CHUNK)
    default = {"WORKER_LEASE_SECONDS": ""}
    worker = the_commit_sent(depot, batch_id, **default)
    (held,) = depot.chunks(batch_id, lease={"$exists": True})
    assert left_of(held) > timedelta(seconds=15)

    worker.kill()

    killed = time.monotonic()
    heir = depot.worker(**default)
    depot.until_ended(batch_id, seconds=PROMISED_SECONDS - (time.monotonic() - killed))
    assert TAKEN_OVER in heir.log
    print(f"ended {time.monotonic() - killed:.1f} s after the kill")
    depot.assert_exact()


def assert_ends(depot: Depot, batch_id: str, heir: WorkerProcess, moment: Moment) -> None:
    """Check that the batch ends with the right failures, and is taken over if need be."""
    assert depot.batch(batch_id)["status"] in ("pending", "processing")
    if moment.reach in (before_the_transaction, after_the_last_commit, before_the_end_is_written):
        depot.unblock()
    batch = depot.until_ended(batch_id)
    assert (batch["status"], batch["failureCount"]) == ("completed", failures(ITEMS))
    depot.assert_exact()
    assert (TAKEN_OVER in heir.log) == moment.leaves_a_lease
