"""Measure what an idempotency key costs: the same requests with a key and without."""

from collections.abc import Iterator, Sequence
from uuid import uuid4

from bench.batch import KEYED_UPDATE_STOCK, Batch, WrongAnswer
from bench.sides.server import ServerSide
from bench.table import Row
from bench.tables.batches import stock_batch

UNKEYED, KEYED = COLUMNS = ("without a key", "with a key")
RATIO = (KEYED, UNKEYED)
NOTES = """\
A stock update of one item, in turns without and with an `idempotencyKey`. At the end the last key
is sent again: the answer must be the same, and the stock as well."""


def keyed_rows(sides: Sequence[ServerSide], ids: Sequence[str], requests: int) -> Iterator[Row]:
    """Yield a row for each server."""
    for side in sides:
        taken: dict[str, list[float]] = {UNKEYED: [], KEYED: []}
        rows = side.watched(ids)
        last = _keyed(ids)
        for _ in range(requests):
            taken[UNKEYED].append(side.do(stock_batch(ids, 1))[0])
            last = _keyed(ids)
            seconds, result = side.do(last)
            taken[KEYED].append(seconds)
        if side.do(last)[1] != result or rows([]) != 2 * requests:
            raise WrongAnswer(f"{side.name} answers a key otherwise the second time")
        yield Row([side.name], taken)


def _keyed(ids: Sequence[str]) -> Batch:
    return Batch(KEYED_UPDATE_STOCK, stock_batch(ids, 1).items, key=str(uuid4()))
