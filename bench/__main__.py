"""Measure batches over HTTP against a plain PyMongo program, and against another checkout."""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from pymongo import MongoClient

from bench import background, callers, kinds, memory
from bench.batch import Document, WrongAnswer
from bench.floor import Floor
from bench.machine import facts
from bench.mongod import keep_history, running_mongod
from bench.report import print_head, print_table
from bench.rounds import Limit
from bench.server import Checkout
from bench.side import Side
from bench.table import Table, Unit

_SEED = 1
_SIZES = [1, 100, 1_000, 10_000]
_MOST_ITEMS = 10_000  # the server's default limit, and the number of products
_LIMIT = Limit(fewest=5, most=40, seconds=4)  # many rounds of small batches, few of large ones
_FEW_ROUNDS = 3  # of what takes long
_TABLES = [*kinds.KINDS, "callers", "acceptance", "background", "memory"]


def main() -> int:
    """Return 0 if all was measured and every result was right."""
    options = _options()
    random.seed(_SEED)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that processes are ended
    started = time.monotonic()
    folders = {"this": Path(__file__).resolve().parent.parent}
    if options.against:
        folders["other"] = options.against
    with (
        tempfile.TemporaryDirectory(prefix="stockbatch-bench-") as logs,
        running_mongod(Path(logs)) as uri,
        MongoClient[Document](uri, socketTimeoutMS=60_000) as client,
    ):
        checkouts = [
            Checkout(name, folder, uri, client, Path(logs)) for name, folder in folders.items()
        ]
        print_head(facts(checkouts))
        try:
            _measure(options, checkouts)
        except WrongAnswer as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
    print(f"\nTook {time.monotonic() - started:.0f} s.")
    return 0


def _measure(options: argparse.Namespace, checkouts: Sequence[Checkout]) -> None:
    """Measure and print the tables that were asked for."""
    products = kinds.new_products(_MOST_ITEMS, "standing")
    ids = [product["id"] for product in products]
    only, rounds = set(options.only), options.repeats or _FEW_ROUNDS
    client = checkouts[0].client
    if only - {"background", "memory"}:
        keep_history(client, 0)
        with ExitStack() as stack:
            sides: list[Side] = [Floor(client, "floor")]
            sides += [stack.enter_context(one.serving(one.name)) for one in checkouts]
            _print(_inline_tables(options, sides, ids), sides, products)
    keep_history(client, 300)
    if "background" in only:
        with ExitStack() as stack:
            sides = [Floor(client, "floorBackground")]
            for checkout in checkouts:
                database = f"{checkout.name}Background"
                sides.append(stack.enter_context(checkout.serving(database)))
                for _ in range(background.WORKERS):
                    stack.enter_context(checkout.working(database))
            rows = background.background_rows(sides, ids, rounds)
            title, names = "Background: until done", [side.name for side in sides]
            table = Table(title, background.NOTES, ["items"], names, Unit.SECONDS, rows)
            _print(iter([table]), sides, products)
    if "memory" in only:
        names = [checkout.name for checkout in checkouts]
        rows = memory.memory_rows(checkouts, products, max(options.sizes))
        print_table(Table("Peak memory", memory.NOTES, ["process"], names, Unit.BYTES, rows))


def _print(tables: Iterator[Table], sides: Sequence[Side], products: Sequence[Document]) -> None:
    """Print the tables of sides that have these products, and check the ledgers."""
    for side in sides:
        side.put(products)
    for table in tables:
        print_table(table)
    rows = ", ".join(f"{side.name} {side.check_ledger(products)}" for side in sides)
    print(f"\nVerified: {len(products)} stocks of each side, and its ledger rows: {rows}.")


def _inline_tables(
    options: argparse.Namespace, sides: Sequence[Side], ids: Sequence[str]
) -> Iterator[Table]:
    """Yield the tables of servers without workers, last the one that leaves much behind."""
    names, few = [side.name for side in sides], options.repeats or _FEW_ROUNDS
    limit = Limit(options.repeats, options.repeats) if options.repeats else _LIMIT
    wanted = [kind for kind in kinds.KINDS if kind in options.only]
    if wanted:
        rows = (
            row
            for kind in wanted
            for row in kinds.kind_rows(kind, sides, ids, options.sizes, limit)
        )
        labels = ["kind", "batch", "items"]
        yield Table("Batches", kinds.NOTES, labels, names, Unit.SECONDS, rows)
    if "callers" in options.only:
        yield Table(
            f"{callers.CALLERS} callers side by side",
            callers.NOTES,
            ["products"],
            names,
            Unit.PER_SECOND,
            callers.caller_rows(sides, ids, few),
        )
    if "acceptance" in options.only:
        yield Table(
            "Background: until accepted",
            background.ACCEPTANCE_NOTES,
            ["items"],
            names,
            Unit.SECONDS,
            background.acceptance_rows(sides, ids, few),
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=f"{__doc__} Servers have the settings of the environment, as MONGODB_DRIVER.",
    )
    add = parser.add_argument
    against = (
        "the folder of another checkout, whose server is measured in turns with this one's; "
        "it runs with this Python and its packages"
    )
    add("--against", type=_checkout, metavar="PATH", help=against)
    add("--only", nargs="+", choices=_TABLES, default=_TABLES, help="what to measure; default: all")
    sizes = "items per batch, at most 10000; default: 1 100 1000 10000"
    add("--sizes", type=_number, nargs="+", default=_SIZES, help=sizes)
    add("--repeats", type=_number, help="rounds of each row; default: 3 to 40, by their length")
    return parser.parse_args()


def _number(text: str) -> int:
    number = int(text)
    if not 1 <= number <= _MOST_ITEMS:
        raise argparse.ArgumentTypeError(f"must be 1 to {_MOST_ITEMS}")
    return number


def _checkout(text: str) -> Path:
    folder = Path(text).resolve()
    if not (folder / "server" / "__main__.py").is_file():
        raise argparse.ArgumentTypeError(f"{text} has no server/__main__.py")
    return folder


if __name__ == "__main__":
    sys.exit(main())
