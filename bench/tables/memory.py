"""Measure the peak memory of fresh processes: of a server, and of a worker beside it."""

from collections.abc import Iterator, Sequence

from bench.batch import SUBMIT, Batch, Document
from bench.sides.checkout import Checkout
from bench.sides.server import peak_bytes
from bench.sides.side import SHELF
from bench.table import Row, Unit
from bench.tables.background import SMALL, run_behind, stock_updates
from bench.tables.batches import new_products

NOTES = "The most that a process has had resident (VmHWM)."
_MORE = 2  # large creations after the first one


def memory_rows(
    checkouts: Sequence[Checkout], products: Sequence[Document], largest: int, large: int
) -> Iterator[Row]:
    """Yield a row for each step of the same servers and workers."""
    stages = {
        "server, after creating 1": (1, 1),
        f"server, after creating {largest}": (largest, 1),
        f"server, after {_MORE + 1} times {largest}": (largest, _MORE),
    }
    behind = f"after {large} in the background"
    peaks: dict[str, dict[str, list[float]]] = {}
    ids = [product["id"] for product in products]
    behind_it, small = (Batch(SUBMIT, stock_updates(ids, count)) for count in (large, SMALL))
    for checkout in checkouts:
        name = checkout.name
        with checkout.serving("memory") as server, checkout.working("memory") as worker:
            for label, (size, times) in stages.items():
                for _ in range(times):
                    server.put(new_products(size, SHELF))
                peaks.setdefault(label, {})[name] = [peak_bytes(server.pid)]
            server.put(products)
            run_behind(server, behind_it, small)
            peaks.setdefault(f"server, {behind}", {})[name] = [peak_bytes(server.pid)]
            peaks.setdefault(f"worker, {behind}", {})[name] = [peak_bytes(worker)]
    for label, values in peaks.items():
        yield Row([label], values, Unit.BYTES)
