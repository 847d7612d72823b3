"""What the dear queries of one caller do to a stranger.

    python -m tests.proofs.neighbours [--scale 0.1] [--against ../before]

One caller asks again and again for as much as a query may cost, or watches a batch with hundreds of
subscriptions that read its results. Meanwhile a stranger, from another address, asks for one
product. Ends with status 1 if the stranger is refused, or waits for longer than its goals and the
noise of a machine explain.
"""

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.proofs.crowd import Crowd
from tests.proofs.server import PROJECT, Server
from tests.proofs.single.queries import products
from tests.proofs.watchers import Watchers

PRODUCTS, CHUNK_ITEMS, CHUNKS = 1_000, 100, 300
CREATE = "mutation ($p: [CreateProductInput!]!) { batchCreateProducts(products: $p) { outcome } }"
SUBMIT = (
    "mutation ($u: [StockUpdateInput!]!) "
    "{ submitBatch(operation: {updateStock: {updates: $u, batchSize: 100}}) { id } }"
)
CHEAP = json.dumps({"query": "{ products(first: 1) { edges { node { id } } } }"}).encode()
STRANGER, SAME = "127.0.0.2", "127.0.0.1"
PAUSE_SECONDS = 0.02
P50_GOAL, P99_GOAL = 100.0, 500.0  # ms for the stranger
NOISE = 2  # a busy machine is given as many times the goals


@dataclass(frozen=True, slots=True)
class Case:
    """Connections that repeat a dear query, and subscriptions. `source` asks meanwhile."""

    queries: int = 0
    subscriptions: int = 0
    source: str = STRANGER

    def __str__(self) -> str:
        who = "" if self.source == STRANGER else ", asked from the same address"
        if self.subscriptions:
            return f"{self.subscriptions} subscriptions with 900 results{who}"
        return f"{self.queries} connections with dear queries{who}" if self.queries else "nothing"


CASES = [Case(), Case(8), Case(40), Case(40, source=SAME), Case(subscriptions=240)]


@dataclass(frozen=True, slots=True)
class Measured:
    """What the stranger got. Times are in ms; `done` are the answers that the others got."""

    times: list[float]
    refused: int
    done: int

    @property
    def p50(self) -> float:
        return statistics.median(self.times) if self.times else float("nan")

    @property
    def p99(self) -> float:
        return sorted(self.times)[int(len(self.times) * 0.99)] if self.times else float("nan")


class Servers:
    """One server on a database with products and a batch that has begun."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.server = Server(checkout, folder)
        ids = [f"{number:024x}" for number in range(1 << 40, (1 << 40) + PRODUCTS)]
        made = [
            {"id": one, "name": "Cup", "price": 1, "stock": 1000, "category": "dear"} for one in ids
        ]
        assert self.server.post(CREATE, p=made)["batchCreateProducts"]["outcome"] == "ALL"
        self._ids = ids

    def submit(self) -> str:
        """Submit a batch of many chunks, and return its id."""
        count = CHUNK_ITEMS * CHUNKS
        updates = [{"productId": self._ids[n % PRODUCTS], "quantity": 1} for n in range(count)]
        return str(self.server.post(SUBMIT, u=updates)["submitBatch"]["id"])


@contextmanager
def others(servers: Servers, case: Case, seconds: float) -> Iterator[list[int]]:
    """Let the others be busy for some seconds; the list gets the number of their answers."""
    port, done = servers.server.port, []
    if case.subscriptions:
        module = "tests.proofs.watchers"
        batch = servers.submit()
        order = asdict(Watchers(port=port, batch=batch, count=case.subscriptions, seconds=seconds))
    else:
        module = "tests.proofs.crowd"
        body = json.dumps({"query": products(15)})
        order = asdict(
            Crowd(port=port, clients=case.queries, seconds=seconds, honours=False, bodies=[body])
        )
    with subprocess.Popen(
        [sys.executable, "-m", module], cwd=PROJECT, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin
        process.stdin.write(json.dumps(order))
        process.stdin.close()
        yield done
        assert process.stdout
        done.append(json.loads(process.stdout.read())["good"])


def measured(servers: Servers, case: Case, seconds: float) -> Measured:
    """Ask for one product again and again while the others are busy."""
    times: list[float] = []
    refused = 0
    with others(servers, case, seconds) as done:
        time.sleep(min(2.0, seconds / 4))  # the others begin
        until = time.monotonic() + seconds * 0.7
        asking = http.client.HTTPConnection(
            "127.0.0.1", servers.server.port, timeout=120, source_address=(case.source, 0)
        )
        while time.monotonic() < until:
            began = time.perf_counter()
            asking.request("POST", "/graphql", CHEAP, {"content-type": "application/json"})
            answer = asking.getresponse()
            content = json.loads(answer.read())
            if answer.status == 200 and "errors" not in content:
                times.append((time.perf_counter() - began) * 1000)
            else:
                refused += 1
                asking.close()
            time.sleep(PAUSE_SECONDS)
    return Measured(times, refused, done[0])


def prove(name: str, checkout: Path, scale: float) -> list[str]:
    """Print a table of all cases; return what must not be."""
    seconds = max(5.0, 15 * scale)
    print(f"\n{name}: {seconds:g} s a case\n")
    print("| the others | their answers | the stranger's p50 | p99 | longest | refused |")
    print("|---|---|---|---|---|---|")
    faults = []
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            servers = Servers(checkout, Path(folder))
            try:
                found = measured(servers, case, seconds)
            finally:
                servers.server.stop(10)
        asked = len(found.times) + found.refused or 1
        longest = max(found.times, default=float("nan"))
        print(
            f"| {case} | {found.done} | {found.p50:.0f} ms | {found.p99:.0f} ms | {longest:.0f} ms "
            f"| {found.refused / asked:.0%} of {asked} |",
            flush=True,
        )
        if found.refused:
            faults.append(f"{case}: {found.refused} of {asked} were refused")
        for which, took, goal in (("p50", found.p50, P50_GOAL), ("p99", found.p99, P99_GOAL)):
            if not took <= goal * NOISE:
                faults.append(f"{case}: {which} is {took:.0f} ms, and {goal:.0f} ms is the goal")
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--against", type=Path, help="another checkout to measure first")
    given = parser.parse_args()
    if given.against:
        prove("before", given.against, given.scale)
    faults = prove("now", PROJECT, given.scale)
    print("\n".join(["", *faults]) if faults else "\nThe stranger is served.")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
