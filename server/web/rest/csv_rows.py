"""A body of CSV (RFC 4180): a header, and an item on each row.

A row with line breaks in quoted cells is several lines of the body. It ends with the line that
makes the number of its quotes even. Python's csv module then reads each row, and refuses one that
does not follow the standard.
"""

import csv
import re
from collections.abc import Callable, Mapping
from typing import Any

from server.domain.errors import BadInput, quoted
from server.domain.exact_number import number_from
from server.kinds.item_field import Cell
from server.web import json_value
from server.web.rest.kind import RestKind
from server.web.rest.lines import LONGEST_LINE, Line, Lines

RESULT_PREFIX = "result."  # begins the name of each column that a download adds
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_FLAGS = {"true": True, "false": False}


def number_or_text(cell: str) -> int | float | str:
    """Return the number in a cell; the text itself if it is none, so that the item fails on it."""
    match = _NUMBER.fullmatch(cell.strip())
    if match is None:
        return cell
    is_whole = match[1] is None and match[2] is None
    return json_value.whole(match[0]) if is_whole else number_from(match[0])


def flag_or_text(cell: str) -> bool | str:
    """Return the flag in a cell; the text itself if it is none, so that the item fails on it."""
    return _FLAGS.get(cell.strip().lower(), cell)


READERS: Mapping[Cell, Callable[[str], Any]] = {
    Cell.TEXT: str,
    Cell.NUMBER: number_or_text,
    Cell.FLAG: flag_or_text,
}


class CsvRows:
    """Read items. An empty cell is a field that was left out; columns of a download are skipped."""

    def __init__(self, kind: RestKind) -> None:
        csv.field_size_limit(LONGEST_LINE)  # the limit of the whole process, by default too low
        self._kind = kind
        self._lines = Lines()
        self._begun: list[Line] = []  # the lines of a row whose quote is still open
        self._begun_bytes = 0
        self._header: list[str] = []

    def feed(self, piece: bytes) -> list[dict[str, Any]]:
        return self._items(self._lines.feed(piece))

    def end(self) -> list[dict[str, Any]]:
        items = self._items(self._lines.end())
        if self._begun:
            raise BadInput(f"Line {self._begun[0].number} has a quote that is not closed.")
        return items

    def _items(self, lines: list[Line]) -> list[dict[str, Any]]:
        rows = [row for line in lines if (row := self._row(line))]
        reader = csv.reader([row.text() for row in rows], strict=True)
        items = []
        try:
            for row, cells in zip(rows, reader, strict=True):
                if cells and not self._header:
                    self._header = self._checked_header(row.number, cells)
                elif cells:
                    items.append(self._item(row.number, cells))
        except csv.Error as error:
            number = rows[reader.line_num - 1].number
            raise BadInput(
                f"Line {number} is not CSV: {error}. A cell with a quote in it stands between "
                "quotes, and has its own doubled."
            ) from error
        return items

    def _row(self, line: Line) -> Line | None:
        """Return the row that ends with `line`, with the number of its first line; or None."""
        is_odd = line.content.count(b'"') % 2 == 1
        if not self._begun and not is_odd:
            return line
        self._begun.append(line)
        self._begun_bytes += len(line.content) + 1
        if self._begun_bytes > LONGEST_LINE:
            raise BadInput(
                f"Line {self._begun[0].number} begins a row that is longer than {LONGEST_LINE} "
                "bytes: is a quote not closed?"
            )
        if len(self._begun) == 1 or not is_odd:
            return None
        row = Line(self._begun[0].number, b"\n".join(begun.content for begun in self._begun))
        self._begun, self._begun_bytes = [], 0
        return row

    def _checked_header(self, number: int, cells: list[str]) -> list[str]:
        header = [cell.strip() for cell in cells]
        names = [name for name in header if not name.startswith(RESULT_PREFIX)]
        known = ", ".join(self._kind.columns)
        for name in names:
            if name not in self._kind.columns:
                raise BadInput(
                    f"Line {number} has the unknown column {quoted(name)}: there may be {known}."
                )
            if names.count(name) > 1:
                raise BadInput(f"Line {number} has the column {name} twice.")
        missing = [
            name for name in self._kind.columns if name in self._kind.required_columns - set(names)
        ]
        if missing:
            raise BadInput(f"Line {number} is the header, and has no column {', '.join(missing)}.")
        return header

    def _item(self, number: int, cells: list[str]) -> dict[str, Any]:
        if len(cells) > len(self._header):
            raise BadInput(
                f"Line {number} has {len(cells)} cells: the header has {len(self._header)}."
            )
        fields = {
            name: READERS[self._kind.columns[name]](cell)
            for name, cell in zip(self._header, cells, strict=False)
            if cell and name in self._kind.columns
        }
        return self._nested(fields) if self._kind.parent else fields

    def _nested(self, fields: dict[str, Any]) -> dict[str, Any]:
        inner = {name: fields.pop(name) for name in self._kind.parent_keys if name in fields}
        return fields | {self._kind.parent or "": inner}
