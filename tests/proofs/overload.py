"""What a crowd does to a server.

    python -m tests.proofs.overload [--scale 0.1] [--against ../before]

Patient clients, impatient ones that hang up, and those that do not wait as they are told. Eight
patient clients are the measure. Ends with status 1 if the ledger does not agree with the stocks and
the answers.
"""

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.proofs.crowd import Crowd, Tally
from tests.proofs.ledger import disagreements
from tests.proofs.server import PROJECT, Server, serving

PRODUCTS, ITEMS, OPENING = 1_000, 100, 1_000_000
UPDATE = (
    "mutation ($u: [StockUpdateInput!]!) { batchUpdateStock(updates: $u) { success newStock } }"
)
CREATE = "mutation ($p: [CreateProductInput!]!) { batchCreateProducts(products: $p) { outcome } }"
HEALTH_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Case:
    """A crowd; without a `patience` it waits for ever."""

    clients: int
    patience: float = 3600.0
    honours: bool = True

    def __str__(self) -> str:
        waits = "patient" if self.patience > 100 else f"wait {self.patience:g} s"
        return f"{self.clients} clients, {waits}{'' if self.honours else ', ask again at once'}"


CASES = [
    Case(8), Case(40), Case(200), Case(1000), Case(200, 1), Case(1000, 2),
    Case(200, 1, False), Case(1000, 2, False),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a case. Times are in ms."""

    case: Case
    per_second: float
    p50: float
    p99: float
    refused: int
    given_up: int
    broken: int
    health: float


def fault(server: Server, answered: int) -> str | None:
    """Return how the ledger disagrees with the stocks or the answers; None if it agrees."""
    with server.database() as database:
        opening = {
            product["_id"]: OPENING for product in database["products"].find({"category": "crowd"})
        }
        rows = database["stockUpdates"].count_documents({"status": "applied"})
        found = disagreements(database, opening)
    if found:
        return found[0]
    if rows < answered * ITEMS:
        return f"{answered} answers, but {rows} rows"
    return None


def measured(server: Server, case: Case, seconds: float, bodies: list[str]) -> Measured:
    """Let a crowd at the server, and ask for its health meanwhile."""
    crowd = Crowd(
        port=server.port, clients=case.clients, seconds=seconds, patience=case.patience,
        honours=case.honours, bodies=bodies,
    )  # fmt: skip
    health: list[float] = []
    done = threading.Event()

    def ask() -> None:
        while not done.wait(HEALTH_SECONDS):
            health.append(server.healthz())

    asking = threading.Thread(target=ask)
    asking.start()
    ran = subprocess.run(
        [sys.executable, "-m", "tests.proofs.crowd"], cwd=PROJECT, input=json.dumps(asdict(crowd)),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    done.set()
    asking.join()
    tally = Tally(**json.loads(ran.stdout))
    times = sorted(tally.times) or [float("nan")]
    return Measured(
        case=case, per_second=tally.good / seconds,
        p50=statistics.median(times) * 1000, p99=times[int(len(times) * 0.99)] * 1000,
        refused=tally.refused, given_up=tally.given_up, broken=tally.broken,
        health=sorted(health)[int(len(health) * 0.99)],
    )  # fmt: skip


def prove(name: str, checkout: Path, scale: float) -> list[str]:
    """Print a table of all cases; return what must not be."""
    faults = []
    seconds = max(2.0, 10 * scale)
    print(f"\n{name}: {ITEMS} stock updates a request, {seconds:g} s a case\n")
    print("| crowd | answers/s | of 8 clients | p50 | p99 | refused | given up | /healthz p99 |")
    print("|---|---|---|---|---|---|---|---|")
    first: Measured | None = None
    for case in CASES:
        with serving(checkout) as server:
            ids = [f"{number:024x}" for number in range(1 << 40, (1 << 40) + PRODUCTS)]
            products = [
                {"id": one, "name": "Cup", "price": 1, "stock": OPENING, "category": "crowd"}
                for one in ids
            ]
            assert server.post(CREATE, p=products)["batchCreateProducts"]["outcome"] == "ALL"
            found = measured(server, case, seconds, _bodies(ids))
            time.sleep(1)  # what has begun ends
            wrong = fault(server, int(found.per_second * seconds))
        if not found.per_second:
            return [*faults, f"{case}: no answer, {found.refused} refused"]
        first = first or found
        share = found.per_second / first.per_second
        print(
            f"| {case} | {found.per_second:.1f} | {share:.0%} | {found.p50:.0f} ms | "
            f"{found.p99:.0f} ms | {found.refused} | {found.given_up} | {found.health:.0f} ms |",
            flush=True,
        )
        faults += [f"{case}: {wrong}"] if wrong else []
        faults += [f"{case}: {found.broken} connections broke"] if found.broken else []
    return faults


def _bodies(ids: Sequence[str]) -> list[str]:
    blocks = [ids[start : start + ITEMS] for start in range(0, len(ids), ITEMS)]
    return [
        json.dumps(
            {
                "query": UPDATE,
                "variables": {"u": [{"productId": one, "quantity": 1} for one in block]},
            }
        )
        for block in blocks
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--against", type=Path)
    given = parser.parse_args()
    if given.against:
        prove("before", given.against, given.scale)
    faults = prove("now", PROJECT, given.scale)
    print("\n".join(["", *faults]) if faults else "\nStocks, ledger and answers agree.")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
