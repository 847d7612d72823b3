"""Print the fault matrix: each command of the database × each way to fail × how often.

    python -m tests.proofs.faults [--scale 0.1]

Every cell says what its caller was told; it is what the database held, or the cell is marked. Ends
with status 1 if one is. Scales below 1 leave cells out, evenly.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.faults.matrix import CELLS, MODES, RETRY_SECONDS, Verdict, verdict
from tests.support.shop import open_shop


async def verdicts(scale: float) -> list[Verdict]:
    """Run the cells on a database of their own, each with one of the two drivers."""
    step = max(1, round(1 / scale))
    found = []
    with tempfile.TemporaryDirectory() as folder:
        mongod = EmbeddedMongod(Path(folder), {"enableTestCommands": 1})
        await mongod.start()
        try:
            for driver in ("motor", "pymongo"):
                async with open_shop(mongod.uri, driver, deadline_seconds=RETRY_SECONDS) as shop:
                    for number, cell in enumerate(CELLS):
                        if number % step == 0 and (number // step) % 2 == (driver == "pymongo"):
                            found.append(await verdict(shop, cell))
        finally:
            await mongod.stop()
    return sorted(found, key=lambda one: CELLS.index(one.cell))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    began = time.monotonic()
    logging.disable()  # the faults are wanted
    found = asyncio.run(verdicts(parser.parse_args().scale))
    by_cell = {one.cell: one for one in found}
    print(f"\n| command | fault | {' | '.join(MODES)} |")
    print(f"|---|---|{'---|' * len(MODES)}")
    rows = dict.fromkeys((cell.command, cell.fault) for cell in CELLS)
    for command, fault in rows:
        cells = [one for one in CELLS if (one.command, one.fault) == (command, fault)]
        shown = [_shown(by_cell[one]) if one in by_cell else "" for one in cells]
        if any(shown):
            print(f"| {command} | {fault} | {' | '.join(shown)} |")
    told = Counter(one.told for one in found)
    print(f"\n{len(found)} cells in {time.monotonic() - began:.0f} s: {dict(told)}.")
    faults = [f"{one.cell}: {one.fault}" for one in found if one.fault]
    print("\n".join(faults) if faults else "What the callers were told is what the database held.")
    return int(bool(faults))


def _shown(one: Verdict) -> str:
    return f"{'**wrong** ' if one.fault else ''}{one.told} ({one.seconds:.1f} s)"


if __name__ == "__main__":
    sys.exit(main())
