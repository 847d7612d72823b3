"""Measure small batches that are submitted while the worker runs, against synchronous ones."""

from collections.abc import Iterator, Sequence
from statistics import median

from bench.batch import SUBMIT, Batch, WrongAnswer
from bench.sides.server import ServerSide
from bench.table import Row
from bench.tables.background import submitted_id, wait_until
from bench.tables.batches import stock_batch

SYNCHRONOUS, SUBMITTED = COLUMNS = ("synchronous", "submitted")
RATIO = (SUBMITTED, SYNCHRONOUS)
_ITEMS = 10
NOTES = f"""\
Batches of {_ITEMS} stock updates, one after the other without a pause, on a server that runs
background batches itself: first all synchronous, then all submitted, while the worker does those
before. The number of a round is the median of its requests, and the next one begins when all are
done."""


def submission_rows(
    sides: Sequence[ServerSide], ids: Sequence[str], requests: int, rounds: int
) -> Iterator[Row]:
    """Yield a row for each server."""
    for side in sides:
        taken: dict[str, list[float]] = {SYNCHRONOUS: [], SUBMITTED: []}
        rows = side.watched(ids)
        for _ in range(rounds):
            batches = [stock_batch(ids, _ITEMS) for _ in range(requests)]
            taken[SYNCHRONOUS].append(median(side.do(batch)[0] for batch in batches))
            taken[SUBMITTED].append(median(_submitted(side, batches)))
        if rows([]) != 2 * rounds * requests * _ITEMS:
            raise WrongAnswer(f"{side.name} has not a ledger row for every item")
        yield Row([side.name], taken)


def _submitted(side: ServerSide, batches: Sequence[Batch]) -> list[float]:
    """Return the seconds until each of the batches was accepted, when all have been done."""
    taken, ids = [], []
    for batch in (Batch(SUBMIT, one.items) for one in batches):
        seconds, answer = side.post(batch.body())
        taken.append(seconds)
        ids.append(submitted_id(batch, answer.body))
    for batch_id in ids:
        wait_until(side, batch_id)
    return taken
