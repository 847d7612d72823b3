"""Print tables in Markdown, each row when it is measured."""

from collections.abc import Sequence
from itertools import pairwise
from operator import truediv
from statistics import median

from bench.floor import CHUNK, FLOOR
from bench.table import Table, Unit, Values

_HEAD = f"""\
* A server is `python -m server` with its default settings and no worker, asked over HTTP. Timed is
  the exchange, from the first byte of the body to the last one of the answer.
* The floor is a plain synchronous PyMongo program on collections of its own, with no validator and
  no index but `_id` and, on the ledger, `productId` and `status`. Every {CHUNK} items are one
  transaction: one find, then the writes with one command for each collection.
* Every side has a database of its own on the same mongod, with the same products. Each round is
  done by every side, one after the other, another one first each time.
* Numbers are medians (least–most). A ratio is taken in each round.
* All results are compared, and at the end every stock with its ledger."""
_SCALES = {Unit.SECONDS: (1000, " ms"), Unit.PER_SECOND: (1, "/s"), Unit.BYTES: (2**-20, " MiB")}


def print_head(facts: Sequence[str]) -> None:
    """Print what all tables share."""
    print("# Batches over HTTP against plain PyMongo\n")
    print("* " + "\n* ".join(facts) + "\n" + _HEAD, flush=True)


def print_table(table: Table) -> None:
    """Print the table; its rows are measured meanwhile."""
    ratios = _ratios(table.sides)
    columns = [*table.labels, "rounds", *table.sides, *map(" ÷ ".join, ratios)]
    print(f"\n## {table.title}\n\n{table.notes}\n\n{_line(columns)}\n|" + "---|" * len(columns))
    for labels, values in table.rows:
        cells = [*labels, str(max(map(len, values.values())))]
        cells += [_cell(values.get(side, []), *_SCALES[table.unit]) for side in table.sides]
        cells += [_ratio(values, *ratio) for ratio in ratios]
        print(_line(cells), flush=True)


def _ratios(sides: Sequence[str]) -> list[tuple[str, str]]:
    """Return which sides are divided: each server by the floor, and this one by the other."""
    servers = [side for side in sides if side != FLOOR]
    return [*((side, FLOOR) for side in servers if FLOOR in sides), *pairwise(servers)]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(values: Sequence[float], scale: float, unit: str) -> str:
    if not values:
        return ""
    least, middle, most = (
        f"{one:.0f}" if one >= 100 else f"{one:.1f}"
        for one in (scale * reduce(values) for reduce in (min, median, max))
    )
    return f"{middle}{unit} ({least}–{most})" if len(values) > 1 else f"{middle}{unit}"


def _ratio(values: Values, one: str, other: str) -> str:
    if one not in values or other not in values:
        return ""
    ratios = list(map(truediv, values[one], values[other]))
    spread = f" ({min(ratios):.2f}–{max(ratios):.2f})" if len(ratios) > 1 else ""
    return f"**{median(ratios):.2f}**{spread}"
