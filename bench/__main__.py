"""`make bench`, or `python -m bench [--operations create stock] [--sizes 1 100] [--repeats 5]`."""

import argparse
import random
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, get_args

from pymongo import MongoClient

from bench import database
from bench.answer import WrongAnswer
from bench.background.measurements import measure_background
from bench.machine import facts
from bench.products.measurements import CASES, measure_products
from bench.products.memory import measure_memory
from bench.report import head
from bench.server import serving
from bench.setting import Setting
from bench.stock.measurements import measure_stock
from server.mongo.connection.driver import DriverName

SIZES = [1, 100, 1_000, 10_000]
MOST_ITEMS = 10_000  # the server's default limit, and the number of products
SEED = 1
STOCK = "stock"
BACKGROUND = "background"
OPERATIONS = [*CASES, STOCK, BACKGROUND]


def main() -> int:
    """0 if all was measured and every answer was right."""
    options = _options()
    random.seed(SEED)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="stockbatch-bench-") as folder,
        database.running_mongod(Path(folder)) as uri,
        MongoClient[dict[str, Any]](uri) as client,
    ):
        print(head(facts(client), options.driver, SEED), flush=True)
        try:
            _measure(options, uri, client, Path(folder))
        except WrongAnswer as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
    print(f"\nTook {time.monotonic() - started:.0f} s.")
    return 0


def _measure(
    options: argparse.Namespace, uri: str, client: MongoClient[dict[str, Any]], folder: Path
) -> None:
    with ExitStack() as stack:
        servers = [
            stack.enter_context(serving(driver, uri, database.NAME, folder, WORKER_ENABLED="false"))
            for driver in options.driver
        ]
        setting = Setting(
            uri=uri,
            client=client,
            servers=servers,
            opening=database.put_products(client, MOST_ITEMS),
            sizes=options.sizes,
            repeats=options.repeats,
            folder=folder,
        )
        of_products = [one for one in options.operations if one in CASES]
        if of_products:
            measure_products(setting, of_products)
        if "create" in of_products:
            measure_memory(setting)
        if STOCK in options.operations:
            measure_stock(setting)
        if BACKGROUND in options.operations:
            measure_background(setting)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--operations",
        nargs="+",
        choices=OPERATIONS,
        default=OPERATIONS,
        help="what to measure; default: all; create includes the memory that it takes",
    )
    parser.add_argument("--sizes", type=_size, nargs="+", default=SIZES, help="items per batch")
    parser.add_argument("--repeats", type=_positive, help="turns per row; default: by size")
    parser.add_argument(
        "--driver",
        nargs="+",
        choices=get_args(DriverName),
        default=list(get_args(DriverName)),
        help="MONGODB_DRIVER of the servers; default: one server with each",
    )
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _size(text: str) -> int:
    size = _positive(text)
    if size > MOST_ITEMS:
        raise argparse.ArgumentTypeError(f"must be {MOST_ITEMS} or less")
    return size


if __name__ == "__main__":
    sys.exit(main())
