"""Pause workers for longer than their leases last, and let them go on."""

import pytest

from tests.support.processes.depot import FOR_EVER, Depot, failures, one_handed
from tests.support.processes.process_table import until

PAUSED = 5
ITEMS, PRODUCTS, CHUNK = 420, 84, 14
LEASE = {"WORKER_LEASE_SECONDS": "3"}  # no renewal gets past a transaction that commits
LOST = "Lost the lease of a chunk"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "collection"),
    [("insert", "stockUpdates"), ("find", "products"), ("commitTransaction", None)],
    ids=["in a transaction", "before it has written", "as it commits"],
)
async def test_paused_workers_find_that_they_have_lost_their_chunks(
    depot: Depot, command: str, collection: str | None
) -> None:
    paused = [one_handed(depot, **LEASE) for _ in range(PAUSED)]
    for worker in paused:
        worker.wait_until_ready().pause()
    batch_id = await depot.stock_updates(ITEMS, products=PRODUCTS, batch_size=CHUNK)
    met = depot.block(command, collection, times=PAUSED, ms=FOR_EVER)
    for worker in paused:
        worker.resume()  # all at once, so that none is lost before all are at work
    depot.until_blocked(met + PAUSED)
    for worker in paused:
        worker.pause()
    held = sum(depot.chunks_of(worker) for worker in paused)

    other = one_handed(depot)
    batch = depot.until_ended(batch_id)
    for worker in paused:
        worker.resume()

    assert held == PAUSED
    for worker in paused:
        until(lambda worker=worker: LOST in worker.log, "a worker that says that it lost its lease")
    assert (batch["status"], batch["failureCount"]) == ("completed", failures(ITEMS))
    assert [worker.stop() for worker in [*paused, other]] == [0] * (PAUSED + 1)
    assert [worker for worker in paused if "Traceback" in worker.log] == []
    depot.assert_exact()
