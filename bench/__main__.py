"""Measure, profile, or write the documents: see `python -m bench --help`."""

import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pymongo import MongoClient

from bench.batch import Document, WrongAnswer
from bench.machine import facts
from bench.options import RESULTS, Options, read_options
from bench.profile.profile import profile
from bench.report import docs, plots
from bench.report.markdown import HEAD, head_lines
from bench.report.results import Results
from bench.run import Run
from bench.sides.checkout import Checkout
from bench.sides.mongod import running_mongod

_THIS = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Return 0 if all was done, and every side has given the right results."""
    options = read_options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that processes are ended
    if options.job == "docs":
        results = Results.read(RESULTS / "latest.json")
        plots.write(results, RESULTS)
        docs.write(results, _THIS / "docs" / "performance.md")
        return 0
    try:
        with _checkouts(options) as checkouts:
            if options.job == "profile":
                profile(checkouts, options.scale)
            else:
                _measure(options, checkouts)
    except WrongAnswer as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


def _measure(options: Options, checkouts: list[Checkout]) -> None:
    """Print the tables, and leave them and their plots in the folder of the results."""
    started = time.monotonic()
    date, about = f"{datetime.now(UTC):%Y-%m-%d}", facts(checkouts)
    print("# Batches over HTTP against plain PyMongo\n")
    print("\n".join(head_lines(date, options.command, about)) + "\n" + HEAD, flush=True)
    sections = list(Run(checkouts, options.scale, node=options.node).sections(options.only))
    print(f"\nTook {time.monotonic() - started:.0f} s.")
    if options.results:
        options.results.mkdir(parents=True, exist_ok=True)
        results = Results(date, options.command, about, sections)
        results.write(options.results / "latest.json")
        plots.write(results, options.results)


@contextmanager
def _checkouts(options: Options) -> Iterator[list[Checkout]]:
    """Yield the servers to compare, which are not running yet, on a running mongod."""
    this = "after" if options.against else "server"
    several = len(options.drivers) > 1
    servers = [(this, _THIS, driver) for driver in options.drivers]
    if options.against:
        servers.insert(0, ("before", options.against, options.drivers[0]))
    with (
        tempfile.TemporaryDirectory(prefix="stockbatch-bench-") as logs,
        running_mongod(Path(logs)) as uri,
        MongoClient[Document](uri, socketTimeoutMS=60_000) as client,
    ):
        yield [
            Checkout(
                f"{name} ({driver})" if several else name, folder, driver, uri, client, Path(logs)
            )
            for name, folder, driver in servers
        ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
