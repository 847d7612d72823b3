"""The options of the command."""

import argparse
import os
from dataclasses import dataclass, replace
from pathlib import Path

from bench.run import TABLES
from bench.scale import FULL, MOST_ITEMS, QUICK, Scale
from bench.sides.node import is_installed

RESULTS = Path(__file__).resolve().parent / "results"
_DRIVERS = ["motor", "pymongo"]
_ABOUT = """Measure batches over HTTP against a plain PyMongo program, and against another checkout.
Servers have the settings of the environment."""


@dataclass(frozen=True)
class Options:
    """What to measure, on which sides, and where the results go."""

    job: str
    against: Path | None
    drivers: list[str]
    only: list[str]
    node: bool
    scale: Scale
    results: Path | None
    command: str


def read_options(arguments: list[str]) -> Options:
    """Return the options; wrong ones end the process with a message."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.node and not is_installed():
        parser.error("--node needs Node 20 or newer, and what `make bench-node` installs")
    scale = QUICK if given.quick else FULL
    if given.sizes:
        scale = replace(scale, sizes=given.sizes, products=max(scale.products, *given.sizes))
    if given.repeats:
        scale = scale.repeated(given.repeats)
    return Options(
        job=given.job,
        against=given.against,
        drivers=given.drivers or [os.environ.get("MONGODB_DRIVER", "motor")],
        only=given.only,
        node=given.node,
        scale=scale,
        results=_results(given),
        command=_command(given),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=_ABOUT)
    add = parser.add_argument
    jobs = (
        "measure (the default); profile: where the servers spend their time; "
        "docs: write docs/performance.md and the plots from bench/results/latest.json"
    )
    add("job", nargs="?", choices=["measure", "profile", "docs"], default="measure", help=jobs)
    against = (
        "the folder of another checkout, whose server is measured in turns with this one's; "
        "it runs with this Python and its packages"
    )
    add("--against", type=_checkout, metavar="PATH", help=against)
    drivers = (
        "measure this checkout's server with each driver, the other one's with the first; "
        "default: MONGODB_DRIVER, or motor"
    )
    add("--drivers", nargs="+", choices=_DRIVERS, help=drivers)
    node = "also measure stock updates of the server in bench/node, after `make bench-node`"
    add("--node", action="store_true", help=node)
    add("--only", nargs="+", choices=TABLES, default=TABLES, help="what to measure; default: all")
    sizes = "items per batch, at most 10000; default: 1 100 1000 10000"
    add("--sizes", type=_number, nargs="+", help=sizes)
    add("--repeats", type=_number, help="rounds of each row; default: 3 to 40, by their length")
    quick = "few and small batches, which only prove that every side does its work"
    add("--quick", action="store_true", help=quick)
    results = (
        "the folder for latest.json and the plots; "
        "default: bench/results after a full run, otherwise none"
    )
    add("--results", type=Path, metavar="PATH", help=results)
    return parser


def _results(given: argparse.Namespace) -> Path | None:
    full = not given.quick and not given.sizes and given.only == TABLES
    folder: Path | None = given.results
    return folder or (RESULTS if full else None)


def _command(given: argparse.Namespace) -> str:
    """Return the command as anybody may repeat it: without the paths of this machine."""
    words = ["python -m bench"]
    if given.against:
        words.append("--against ../before")
    for name in ("drivers", "only", "sizes"):
        chosen = getattr(given, name)
        if chosen not in (None, TABLES):
            words.append(f"--{name} {' '.join(map(str, chosen))}")
    if given.repeats:
        words.append(f"--repeats {given.repeats}")
    return " ".join(words + ["--node"] * given.node + ["--quick"] * given.quick)


def _number(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST_ITEMS:
        raise argparse.ArgumentTypeError(f"must be 1 to {MOST_ITEMS}")
    return number


def _checkout(text: str) -> Path:
    folder = Path(text).resolve()
    if not (folder / "server" / "__main__.py").is_file():
        raise argparse.ArgumentTypeError(f"{text} has no server/__main__.py")
    return folder
