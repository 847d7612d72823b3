"""Measure the peak memory of fresh processes: of a server, and of a worker beside it."""

from collections.abc import Iterator, Sequence

from bench.background import LARGE, SMALL, run_behind, stock_updates
from bench.batch import SUBMIT, Batch, Document
from bench.kinds import new_products
from bench.server import Checkout, peak_bytes
from bench.side import SHELF
from bench.table import Row

NOTES = "The most that a process has had resident (VmHWM)."
_MORE = 2  # large creations after the first one


def memory_rows(
    checkouts: Sequence[Checkout], products: Sequence[Document], largest: int
) -> Iterator[Row]:
    """Yield a row for each step of the same servers and workers."""
    stages = {
        "server, after creating 1": (1, 1),
        f"server, after creating {largest}": (largest, 1),
        f"server, after {_MORE + 1} times {largest}": (largest, _MORE),
    }
    behind = f"after {LARGE} in the background"
    peaks: dict[str, dict[str, list[float]]] = {}
    ids = [product["id"] for product in products]
    large, small = (Batch(SUBMIT, stock_updates(ids, count)) for count in (LARGE, SMALL))
    for checkout in checkouts:
        name, database = checkout.name, f"{checkout.name}Memory"
        with checkout.serving(database) as server, checkout.working(database) as worker:
            for label, (size, times) in stages.items():
                for _ in range(times):
                    server.put(new_products(size, SHELF))
                peaks.setdefault(label, {})[name] = [peak_bytes(server.pid)]
            server.put(products)
            run_behind(server, large, small)
            peaks.setdefault(f"server, {behind}", {})[name] = [peak_bytes(server.pid)]
            peaks.setdefault(f"worker, {behind}", {})[name] = [peak_bytes(worker)]
    for label, values in peaks.items():
        yield [label], values
