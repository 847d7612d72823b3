"""Which items fail when workers are killed again and again.

    python -m tests.proofs.worker_kills [--scale 0.1] [--seed 7]

Three workers run a large batch, one in seven of whose items must fail. 60 times one of them is
killed with -9 and replaced. Ends with status 1 unless exactly the bad items fail, and every other
is applied once.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.databases import kept_databases
from tests.support.processes.depot import Depot
from tests.support.processes.soak import WORKERS, Soak, soak
from tests.support.shop import open_shop

KILLS = 60


async def prove(folder: Path, kills: int, seed: int) -> Soak:
    """Kill workers on a database of its own, and check its ledger and stocks."""
    mongod = EmbeddedMongod(folder / "mongod", {"enableTestCommands": 1})
    await mongod.start()
    try:
        with kept_databases(mongod.uri):
            async with open_shop(mongod.uri, "pymongo") as shop:
                with ExitStack() as stack:
                    stack.callback(shop.fail, mode="off")
                    depot = Depot(shop, mongod.uri, folder, stack)
                    found = await soak(depot, kills, seed=seed)
                    depot.assert_exact()
                    return found
    finally:
        await mongod.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    given = parser.parse_args()
    kills = max(3, round(KILLS * given.scale))
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(prove(Path(folder), kills, given.seed))
    print(f"\n{kills} kills of {WORKERS} workers in {found.seconds:.0f} s, --seed {given.seed}\n")
    columns = {
        "kills": found.kills,
        "of workers at work": found.at_work,
        "leases that ran out": found.taken_over,
        "deaths noted": found.deaths,
        "chunks": found.chunks,
        "items": found.items,
        "bad": len(found.bad),
        "failed": len(found.failed),
        "doubled": found.doubled,
        "lost": found.lost,
    }
    print(f"| {' | '.join(columns)} |")
    print("|---" * len(columns) + "|")
    print(f"| {' | '.join(map(str, columns.values()))} |")
    print("\n".join(["", *found.faults]) if found.faults else "\nExactly the bad items failed.")
    return int(bool(found.faults))


if __name__ == "__main__":
    sys.exit(main())
