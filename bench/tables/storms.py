"""Measure storms: many clients at once, each with small batches, one after the other."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.batch import Batch, WrongAnswer
from bench.load.process import StormReport, storm
from bench.sides.server import ServerSide
from bench.table import Row, Unit
from bench.tables.batches import stock_batch
from bench.tables.rounds import in_turn

CLIENTS = [1, 4, 8, 16, 32]
LABELS = ["products", "clients", "measured"]
PRODUCTS = ["disjoint", "20 hot"]
RATE, LATE = "requests/s", "p99"
NOTES = """\
Each client sends a batch of 10 stock updates of −20…20 on one connection, and the next one as soon
as it has the answer. Either no two clients have a product in common, or all have the same 20. The
clients share a process of their own. After each storm every new ledger row of these products must
continue from the one before it, the last one must be the stock, and the rows must be as many as the
updates that were answered. A ratio of requests/s above 1 is better."""
ITEMS, _HOT, _OF_EACH = 10, 20, 300  # a client of a disjoint storm has so many products
_BATCHES = 50  # that a client sends in turns
_NUMBERS: dict[str, Callable[[StormReport], float]] = {
    RATE: lambda report: report.rate,
    "p50": lambda report: median(report.latencies),
    LATE: lambda report: report.latency(0.99),
}


@dataclass(frozen=True)
class StormPlan:
    """How many clients, for how long, and how often."""

    clients: Sequence[int]
    seconds: float
    rounds: int


def storm_rows(sides: Sequence[ServerSide], ids: Sequence[str], plan: StormPlan) -> Iterator[Row]:
    """Yield the rows of each number of clients, on products of their own and on hot ones."""
    for products in PRODUCTS:
        warm_up = batches_of(products, ids, plan.clients[-1])
        for side in sides:
            _stormed(side, warm_up, plan.seconds / 4)
        for clients in plan.clients:
            reports: dict[str, list[StormReport]] = {side.name: [] for side in sides}
            for number in range(plan.rounds):
                batches = batches_of(products, ids, clients)
                for side in in_turn(sides, number):
                    reports[side.name].append(_stormed(side, batches, plan.seconds))
            yield from _rows([products, str(clients)], reports)
        cpu = {name: [one.cpu / len(one.latencies) for one in reports[name]] for name in reports}
        yield Row([products, str(clients), "CPU of the clients, a request"], cpu)


def _rows(labels: Sequence[str], reports: Mapping[str, Sequence[StormReport]]) -> Iterator[Row]:
    for label, number in _NUMBERS.items():
        values = {name: list(map(number, of_side)) for name, of_side in reports.items()}
        yield Row([*labels, label], values, Unit.PER_SECOND if label == RATE else Unit.SECONDS)


def batches_of(products: str, ids: Sequence[str], clients: int) -> list[list[Batch]]:
    """Return the batches of each client."""
    return [
        [stock_batch(its_own, ITEMS) for _ in range(_BATCHES)]
        for its_own in _lists(products, ids, clients)
    ]


def _stormed(side: ServerSide, clients: Sequence[Sequence[Batch]], seconds: float) -> StormReport:
    """Return the report of a storm whose answers, stocks and ledger rows agree."""
    items = (item for batches in clients for batch in batches for item in batch.items)
    rows = side.watched(sorted({item["productId"] for item in items}))
    report = storm(side.address, clients, seconds)
    expected, found = ITEMS * len(report.latencies), rows(report.seen)
    if found != expected:
        raise WrongAnswer(f"{side.name} applied {expected} updates and has {found} ledger rows")
    return report


def _lists(products: str, ids: Sequence[str], clients: int) -> list[Sequence[str]]:
    """Return the products of each client."""
    chosen = random.sample(ids, len(ids))
    if products == PRODUCTS[0]:
        each = min(_OF_EACH, len(chosen) // clients)
        return [chosen[start * each :][:each] for start in range(clients)]
    return [chosen[:_HOT]] * clients
