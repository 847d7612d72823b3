"""What one request does to everybody else.

    python -m tests.proofs.single_requests [--scale 0.1] [--against ../before]

Each row is one request, sent while another connection asks `/healthz` every 5 ms: its longest
wait, in CPU time of the server, is the time for which the event loop was held. Ends with status 1
if a request holds the loop of this checkout for longer than its goal and the noise of a machine
explain.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.proofs.server import PROJECT, Server
from tests.proofs.single import bodies, peers, queries, websocket
from tests.proofs.single.memory import MOST_MB, Memory
from tests.proofs.single.probe import Probe
from tests.proofs.single.row import DEADLINE_SECONDS, NOISE, Attempt, Measured, Row, Unanswered

PRODUCTS, BATCHES = 1_000, 300
GROWN_MB = 100  # a server that has grown by more makes room for one whose growth can be seen
SHORT_SCALE, SHORT_BYTES = 0.5, 4_000_000
# Without its worker, what a row has submitted does not run during the next one.
SETTINGS = {"HEADER_SECONDS": "2", "TRANSFER_SECONDS": "4", "WORKER_ENABLED": "false"}
CREATE = "mutation ($p: [CreateProductInput!]!) { batchCreateProducts(products: $p) { outcome } }"
STORE = (
    "mutation ($u: [StockUpdateInput!]!, $k: String) "
    "{ batchUpdateStock(updates: $u, idempotencyKey: $k) { success } }"
)


class Servers:
    """One server after another on one database. `current` is the one that runs."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self._checkout, self._folder = checkout, folder
        known = (checkout / "server" / "settings.py").read_text()
        self._settings = {name: value for name, value in SETTINGS.items() if name.lower() in known}
        self.current = self._started()

    def replace(self, seconds: float = 10) -> None:
        """Stop the server, and start another one."""
        self.current.stop(seconds)
        self.current = self._started()

    def _started(self) -> Server:
        return Server(self._checkout, self._folder, self._settings)


def fill(server: Server, batches: int) -> None:
    """Put products and stored batches."""
    ids = [f"{number:024x}" for number in range(1 << 40, (1 << 40) + PRODUCTS)]
    made = [
        {"id": one, "name": "Cup", "price": 1, "stock": 1000, "category": "single"} for one in ids
    ]
    assert server.post(CREATE, p=made)["batchCreateProducts"]["outcome"] == "ALL"
    for number in range(batches):
        updates = [{"productId": one, "quantity": 1} for one in ids[number : number + 10]]
        server.post(STORE, u=updates, k=f"single-{number}")


def measured(server: Server, name: str, attempt: Attempt) -> Measured:
    """Send the request of a row, and watch the loop and the memory of the server."""
    with Probe(server.port, server.process.pid) as probe:
        time.sleep(0.1)
        with Memory(server.process.pid) as memory:
            probe.longest()
            began = time.monotonic()
            result = _result(attempt, server)
            seconds = time.monotonic() - began
            time.sleep(0.2)  # what the request leaves behind holds the loop as well
            held = probe.longest()
    if memory.killed:
        result = f"killed at {MOST_MB // 1000} GB"
    return Measured(
        name=name, size=attempt.size, requests=attempt.requests, seconds=seconds, result=result,
        held=held, grown=memory.grown,
    )  # fmt: skip


def _result(attempt: Attempt, server: Server) -> str:
    try:
        return attempt.send(server)
    except Unanswered:
        return "unanswered"
    except OSError as error:
        return type(error).__name__


def prove(name: str, checkout: Path, *, short: bool, only: str) -> Iterator[Measured]:
    """Print a table of all rows, and yield them."""
    rows = [
        Row("nothing", lambda: Attempt(0, lambda _server: str(time.sleep(1) or "-"))),
        *queries.rows(), *bodies.rows(), *websocket.rows(), *peers.rows(),
    ]  # fmt: skip
    print(f"\n{name}\n\n| request | bytes | answer | after | loop held | goal | memory |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        servers = Servers(checkout, Path(folder))
        try:
            fill(servers.current, BATCHES // 3 if short else BATCHES)
            for row in rows:
                if (short and row.long) or only not in row.name:
                    continue
                attempt = row.prepare()
                if short and attempt.size > SHORT_BYTES:
                    continue
                found = measured(servers.current, row.name, attempt)
                result, seconds, held, grown = found.cells
                print(
                    f"| {found.name} | {found.shown_size} | {result} | {seconds} | {held} | "
                    f"{found.goal:.0f} ms | {grown} |",
                    flush=True,
                )
                yield found
                if found.seconds > DEADLINE_SECONDS or found.grown > GROWN_MB:
                    servers.replace()
        finally:
            servers.current.stop()


def compared(before: Sequence[Measured], now: Sequence[Measured]) -> None:
    """Print one table of both checkouts."""
    heads = "request | bytes | before | after | held | memory | now | after | held | memory | goal"
    print(f"\n| {heads} |\n{'|---' * 11}|")
    for one, other in zip(before, now, strict=True):
        cells = [other.name, other.shown_size, *one.cells, *other.cells, f"{other.goal:.0f} ms"]
        print(f"| {' | '.join(cells)} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="below 0.5, without long rows")
    parser.add_argument("--against", type=Path, help="another checkout to measure first")
    parser.add_argument("--only", default="", help="a part of the names of the rows to measure")
    given = parser.parse_args()
    options = {"short": given.scale < SHORT_SCALE, "only": given.only}
    before = [*prove("before", given.against, **options)] if given.against else []
    now = [*prove("now", PROJECT, **options)]
    if before:
        compared(before, now)
    faults = [
        f"{found.name}: the loop was held for {found.held:.0f} ms, and {found.goal:.0f} ms is the "
        f"goal; a noisy machine may take {NOISE} times as long"
        for found in now
        if found.misses
    ] + [
        f"{found.name}: {found.result} measures nothing" for found in now if found.measures_nothing
    ]
    print("\n".join(["", *faults]) if faults else "\nEvery request keeps to its goal.")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
