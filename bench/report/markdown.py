"""Tables in Markdown."""

from collections.abc import Iterator, Sequence

from bench.report.results import Line, Section, Summary
from bench.sides.floor import CHUNK, FLOOR
from bench.table import Unit

_OVER_FLOOR = f" ÷ {FLOOR}"
_SCALES = {
    Unit.SECONDS.value: (1000.0, " ms"),
    Unit.PER_SECOND.value: (1.0, "/s"),
    Unit.BYTES.value: (2.0**-20, " MiB"),
}
HEAD = f"""\
* A server is `python -m server` with the settings of the environment, otherwise the default ones,
  and without a worker unless the table says so. It is asked over HTTP on a connection that is kept
  alive. Timed is the exchange, from the first byte of the request to the last one of the answer.
* The floor is a plain synchronous PyMongo program on collections of its own, with no validator and
  no index but `_id` and, on the ledger, `productId` and `status`. Every {CHUNK} items are one
  transaction, one after the other: one find, then the writes with one command for each collection.
* Every side has a database of its own on the same mongod, with the same products. Each round is
  done by every side, one after the other, another one first each time.
* Numbers are medians (least–most). **1.50 ×** is the ratio to the floor. Ratios are taken in each
  round; below 1 the first one is faster, and with requests/s above 1.
* All results are compared. At the end the rows of every side's ledger must lead, in their order,
  from the opening stock of each product to the one that it has."""


def head_lines(date: str, command: str, facts: Sequence[str]) -> Iterator[str]:
    """Yield what all tables share."""
    yield f"`{command}`, {date}."
    yield ""
    for fact in facts:
        yield f"* {fact}"


def table_lines(section: Section, level: str = "##") -> Iterator[str]:
    """Yield the lines of the table, each as soon as its row is there."""
    columns = [*section.labels, *section.columns, *_own_columns(section.ratios)]
    yield from ["", f"{level} {section.title}", "", *section.notes.splitlines(), ""]
    yield _line(columns)
    yield "|" + "---|" * len(columns)
    for line in section.lines:
        yield _line(_cells(section, line))


def _own_columns(ratios: Sequence[str]) -> list[str]:
    """Return the ratios that have a column; those to the floor stand beside the numbers."""
    return [ratio for ratio in ratios if not ratio.endswith(_OVER_FLOOR)]


def _cells(section: Section, line: Line) -> Iterator[str]:
    yield from line.labels
    for column in section.columns:
        value, over = line.values.get(column), line.ratios.get(column + _OVER_FLOOR)
        times = f" **{over.median:.2f} ×**" if over else ""
        yield _number(value, *_SCALES[line.unit]) + times if value else ""
    for name in _own_columns(section.ratios):
        yield _ratio(line.ratios[name]) if name in line.ratios else ""


def _line(cells: Iterator[str] | Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _number(value: Summary, scale: float, unit: str) -> str:
    middle, least, most = (
        _digits(scale * number) for number in (value.median, value.least, value.most)
    )
    return f"{middle}{unit} ({least}–{most})" if value.rounds > 1 else f"{middle}{unit}"


def _digits(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.{1 if number >= 1 else 3}f}"


def _ratio(ratio: Summary) -> str:
    spread = f" ({ratio.least:.2f}–{ratio.most:.2f})" if ratio.rounds > 1 else ""
    return f"**{ratio.median:.2f}**{spread}"
