"""Print the dearest functions of each server, with large batches and in a storm."""

import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.batch import Document
from bench.load.process import storm
from bench.scale import Scale
from bench.sides.checkout import Checkout
from bench.sides.server import ServerSide
from bench.tables.batches import new_products, stock_batch
from bench.tables.storms import ITEMS, PRODUCTS, batches_of

_SAMPLER = Path(__file__).with_name("sampler.py")
_SHOWN = 10
_ROUNDS = 10  # large batches
_NOTES = f"""\
The {_SHOWN} functions with the most CPU time of the event loop's thread, without what they call.
Code in C counts for the function that calls it, and the loop itself for `Runner.run`."""

Work = Callable[[ServerSide], int]  # returns what the time is divided by


def profile(checkouts: Sequence[Checkout], scale: Scale) -> None:
    """Print a table for each work and each server."""
    products = new_products(scale.products, "standing")
    works = _works([product["id"] for product in products], scale)
    print(f"# Where the time goes\n\n{_NOTES}")
    for title, work in works.items():
        for checkout in checkouts:
            report, times = _sampled(checkout, products, work)
            print(f"\n## {checkout.name}: {title}\n")
            print("\n".join(_lines(report, times)), flush=True)


def _works(ids: Sequence[str], scale: Scale) -> dict[str, Work]:
    items, clients, seconds = max(scale.sizes), max(scale.storms.clients), scale.storms.seconds

    def large(server: ServerSide) -> int:
        for _ in range(_ROUNDS):
            server.do(stock_batch(ids, items))
        return _ROUNDS

    def stormed(server: ServerSide) -> int:
        batches = batches_of(PRODUCTS[0], ids, clients)
        return len(storm(server.address, batches, 2 * seconds).latencies)

    return {
        f"a batch of {items} stock updates": large,
        f"a request of {ITEMS} stock updates, {clients} clients": stormed,
    }


def _sampled(
    checkout: Checkout, products: Sequence[Document], work: Work
) -> tuple[dict[str, Any], int]:
    """Return what the sampler found while a server that is warm did the work."""
    file = checkout.logs / "profile.json"
    with checkout.serving("profile", under=[str(_SAMPLER), str(file)]) as server:
        server.put(products)
        work(server)
        os.kill(server.pid, signal.SIGUSR2)
        times = work(server)
    checkout.client.drop_database(checkout.database("profile"))
    return json.loads(file.read_text()), times


def _lines(report: dict[str, Any], times: int) -> Iterator[str]:
    main, others = (1000 * report[name] / times for name in ("main", "others"))
    yield f"CPU each time: {main:.2f} ms in the event loop, {others:.2f} ms in other threads."
    yield from ["", "| function | ms | share |", "|---|---|---|"]
    functions = sorted(report["functions"].items(), key=lambda one: -one[1])
    for name, seconds in functions[:_SHOWN]:
        yield f"| `{name}` | {1000 * seconds / times:.3f} | {seconds / report['main']:.1%} |"
