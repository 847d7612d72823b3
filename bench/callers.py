"""Measure callers side by side: how many requests a second a side answers."""

import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bench.batch import UPDATE_STOCK, Batch
from bench.rounds import in_turn
from bench.side import Side
from bench.table import Row

CALLERS, ITEMS, HOT_PRODUCTS = 8, 100, 20
NOTES = f"""\
Requests a second. Each caller sends a batch of {ITEMS} stock updates again and again. Either no
product is in two of the batches, or all are of the same {HOT_PRODUCTS} products. The floor's
callers are threads."""
_SECONDS = 2.0


def caller_rows(sides: Sequence[Side], ids: Sequence[str], rounds: int) -> Iterator[Row]:
    """Yield a row for products that each caller has for itself, and one for products of all."""
    chosen = random.sample(ids, CALLERS * ITEMS)
    hot = chosen[:HOT_PRODUCTS] * (ITEMS // HOT_PRODUCTS)
    for label, lists in {
        "each its own": [chosen[start::CALLERS] for start in range(CALLERS)],
        "all the same": [random.sample(hot, ITEMS) for _ in range(CALLERS)],
    }.items():
        batches = [
            Batch(UPDATE_STOCK, [{"productId": one, "quantity": 1} for one in of_caller])
            for of_caller in lists
        ]
        rates: dict[str, list[float]] = {side.name: [] for side in sides}
        for number in range(rounds):
            for side in in_turn(sides, number):
                rates[side.name].append(_rate(side, batches))
        yield [label], rates


def _rate(side: Side, batches: Sequence[Batch]) -> float:
    """Return requests a second while every caller sends its batch again and again."""
    started = time.perf_counter()
    with ThreadPoolExecutor(len(batches)) as pool:
        counts = list(pool.map(partial(_send, side, started + _SECONDS), batches))
    return sum(counts) / (time.perf_counter() - started)


def _send(side: Side, until: float, batch: Batch) -> int:
    count = 0
    while time.perf_counter() < until:
        side.do(batch)
        count += 1
    return count
