"""How a text writes a table: its delimiter and its quotes.

The header has names that we know, so the delimiter and the quote are those with which it has most
of them. No statistics can be as sure: the Sniffer of Python's csv module fails on one column.
"""

import csv
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from server.web.rest.files.parameters import FileParameters
from server.web.rest.names import plain

DELIMITERS = (",", ";", "\t", "|")
_QUOTES = ('"', "'")
_NO_HEADER = (-1, 0)
_SEP = "sep="  # of a first line with which Excel is told the delimiter


@dataclass(frozen=True, slots=True)
class Dialect:
    """A delimiter, and a quote; "" if the text has no quotes. `quote` is doubled within itself.

    `skips_spaces`: spaces may stand between a delimiter and a quote, as in `"a", "b"`.
    """

    delimiter: str = ","
    quote: str = '"'
    skips_spaces: bool = False

    def rows(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """Return a reader of these lines, which raises csv.Error where a quote is misplaced."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            skipinitialspace=self.skips_spaces,
            strict=True,
        )


def said_delimiter(line: str) -> str | None:
    """Return the delimiter that a line `sep=;` says; None if it is another line."""
    text = line.strip("\r\n").strip('"')
    is_one = len(text) == len(_SEP) + 1 and text.lower().startswith(_SEP)
    return text[-1] if is_one and text[-1] in DELIMITERS else None


def detected(
    lines: Collection[str], known: Collection[str], said: FileParameters
) -> Dialect | None:
    """Return the dialect of a text that begins with these lines; None if they are no header yet.

    `known` are the names that a header may have, in their plain form.
    """
    quotes = _QUOTES if said.quote is None else (said.quote,)
    delimiters = DELIMITERS if said.delimiter is None else (said.delimiter,)
    header = next(iter(lines), "")
    dialects = [
        Dialect(delimiter, quote, bool(quote) and f"{delimiter} {quote}" in header)
        for delimiter, quote in product(delimiters, quotes)
    ]
    scores = {dialect: _score(dialect, lines, known) for dialect in dialects}
    best = max(scores, key=lambda one: scores[one])
    return best if scores[best] > _NO_HEADER else None


def _score(dialect: Dialect, lines: Collection[str], known: Collection[str]) -> tuple[int, int]:
    """Return how many known names the header has in this dialect, and how many cells.

    Of two dialects that are equal in that, the first is taken, which has the usual quote.
    """
    try:
        cells = next(row for row in dialect.rows(lines) if any(row))
    except (csv.Error, StopIteration):
        return _NO_HEADER
    names = {plain(cell) for cell in cells}
    return (len(names.intersection(known)), len(cells))
