"""What requests that are nearly well formed do to a server.

    python -m tests.proofs.fuzz [--scale 0.1] [--seed N] [--door REST_CSV]

Sends 10 000 requests to each door, of which a part is well formed. Ends with status 1 if an answer
is a fault of the server or not in the form of its door, if one takes too long, if the server writes
a traceback or ends, or if the ledger does not explain the stocks.
"""

import argparse
import asyncio
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bson import ObjectId

from tests.proofs.fuzzing.mutants import Attempt, attempt
from tests.proofs.fuzzing.sending import ANSWER_SECONDS, Outcome, Sender
from tests.proofs.fuzzing.wishes import Material
from tests.proofs.ledger import disagreements
from tests.proofs.server import PROJECT, Server, serving
from tests.support.web.doors import Door

REQUESTS, CLIENTS, SAMPLE_SECONDS, SHOWN = 10_000, 12, 0.2, 5
PRODUCTS, SPARES, OPENING = 200, 40, 1_000
_CREATE = "mutation ($p: [CreateProductInput!]!) { batchCreateProducts(products: $p) { outcome } }"
_FAULT_IN_LOG = re.compile(r"Traceback| ERROR | CRITICAL ")
_SUBMIT = "mutation ($o: BatchOperationInput!) { submitBatch(operation: $o) { id } }"


@dataclass(slots=True)
class Row:
    """What came of the requests to a door. `slowest` is in seconds."""

    requests: int = 0
    taken: int = 0
    refused: int = 0
    slowest: float = 0.0

    def count(self, outcome: Outcome) -> None:
        self.requests += 1
        self.taken += outcome.taken is True
        self.refused += outcome.taken is False
        self.slowest = max(self.slowest, outcome.seconds)


@dataclass(slots=True)
class Found:
    """What was measured; `memory` is what the server had resident at each moment, in bytes."""

    rows: dict[Door, Row]
    faults: list[tuple[Attempt, str]] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    unanswered: int = 0


def put(server: Server) -> tuple[Material, Mapping[ObjectId, Any]]:
    """Store products and batches; return them, and when each product was created."""
    ids = [f"{'c' * 16}{number:08x}" for number in range(PRODUCTS)]
    spares = [f"{'5' * 16}{number:08x}" for number in range(SPARES)]
    products = [
        {"id": one, "name": "Cup", "price": 1, "stock": OPENING, "category": "crowd"} for one in ids
    ]
    assert server.post(_CREATE, p=products)["batchCreateProducts"]["outcome"] == "ALL"
    operations = [
        {"updateStock": {"updates": [{"productId": one, "quantity": -2_000 if fails else 1}
                                     for fails, one in enumerate(ids[start : start + 2])]}}
        for start in range(8)
    ] + [{"updatePrice": {"productIds": ids[:50], "newPrice": 7}}]  # fmt: skip
    batches = [server.post(_SUBMIT, o=one)["submitBatch"]["id"] for one in operations]
    with server.database() as database:
        created = {one["_id"]: one["createdAt"] for one in database["products"].find()}
    return Material(products=ids, spares=spares, batches=batches), created


async def fuzz(
    server: Server, material: Material, doors: Iterable[Door], scale: float, seed: int
) -> Found:
    """Send all requests, a dozen at once, until the server answers no more."""
    found = Found({door: Row() for door in doors})
    numbers = range(max(1, round(REQUESTS * scale)))
    waiting = iter([(door, number) for number in numbers for door in found.rows])

    async def client() -> None:
        sender = Sender(server.port, material)
        for door, number in waiting:
            made = attempt(door, seed, number, material)
            outcome = await sender.outcome(made)
            found.rows[door].count(outcome)
            found.unanswered += outcome.seconds >= ANSWER_SECONDS
            if outcome.fault:
                found.faults.append((made, outcome.fault))
            if server.process.poll() is not None or found.unanswered > CLIENTS:
                return
        await sender.close()

    async def sample() -> None:
        while True:
            found.memory.append(resident(server.process.pid))
            await asyncio.sleep(SAMPLE_SECONDS)

    sampling = asyncio.create_task(sample())
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    sampling.cancel()
    return found


def resident(pid: int) -> int:
    """Return the resident set of a process, in bytes; 0 if it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return 0
    size = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(size.group(1)) * 1024 if size else 0


def faults_of(server: Server, created: Mapping[ObjectId, Any]) -> list[str]:
    """Return what is wrong with the server after all requests."""
    if server.process.poll() is not None:
        return [f"the server ended with {server.process.returncode}", server.log()[-3000:]]
    found = []
    with server.database() as database:
        opening = {
            one["_id"]: OPENING
            for one in database["products"].find()
            if one["createdAt"] == created.get(one["_id"]) and str(one["_id"]).startswith("cccc")
        }
        found += disagreements(database, opening)
        applied = database["stockUpdates"].count_documents({"status": "applied"})
        print(f"\n{len(opening)} products have lasted, and {applied} rows are applied.")
    log = server.log()
    places = [match.start() for match in _FAULT_IN_LOG.finditer(log)]
    if places:
        part = log[max(0, places[0] - 300) : places[0] + 3_000]
        found.append(f"the log has {len(places)} errors or tracebacks: {part}")
    return found


def print_found(found: Found, seconds: float) -> None:
    """Print the tables."""
    print("| door | requests | taken | refused | slowest |")
    print("|---|---|---|---|---|")
    for door, row in found.rows.items():
        print(
            f"| {door.value} | {row.requests} | {row.taken} | {row.refused} | "
            f"{row.slowest * 1000:.0f} ms |"
        )
    first, most, last = found.memory[0], max(found.memory), found.memory[-1]
    print("\n| memory at the start | at most | at the end | seconds |\n|---|---|---|---|")
    print(f"| {first >> 20} MiB | {most >> 20} MiB | {last >> 20} MiB | {seconds:.0f} |")


def shown(made: Attempt, fault: str, origins: Mapping[str, str]) -> str:
    """Return a fault with its request, cut, and with the request that submitted its batch."""
    sent = made.sent
    content = sent.path + sent.body.decode(errors="replace")
    of = [name for batch, name in origins.items() if batch in content]
    head = json.dumps([sent.method, f"{sent.path}?{sent.query}"[:400], *sent.headers])[:900]
    body = f"{sent.body[:600]!r} ({len(sent.body)} bytes)"
    return f"{made}: {fault}{''.join(f', batch of {name}' for name in of)}\n  {head}\n  {body}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--door", choices=[door.name for door in Door])
    given = parser.parse_args()
    doors = [Door[given.door]] if given.door else list(Door)
    print(f"\nFuzzed requests over {CLIENTS} connections, seed {given.seed}\n", flush=True)
    with serving(PROJECT) as server:
        material, created = put(server)
        began = time.monotonic()
        found = asyncio.run(fuzz(server, material, doors, given.scale, given.seed))
        seconds = time.monotonic() - began
        time.sleep(2)  # what has begun ends
        found.memory.append(resident(server.process.pid))
        faults = faults_of(server, created)
    print_found(found, seconds)
    origins = dict(material.submitted)
    faults += [shown(*one, origins) for one in found.faults[:SHOWN]]
    kinds = Counter(f"{made.door.name}: {fault[:80]}" for made, fault in found.faults)
    faults += [f"{times} times {kind}" for kind, times in kinds.most_common(30)]
    if faults:
        print("\n".join(["", f"Seed {given.seed}:", *faults]))
    else:
        print(f"\nEach request was answered as it may be, within {ANSWER_SECONDS} s.")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
