"""The value of a cell: trimmed, and a number or a flag where its column holds these.

A cell that cannot be read as its column's type stays a text, so that its item fails with a sentence
about it.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from functools import partial
from typing import Any, Protocol

from server.domain.cell_number import has_two_readings
from server.domain.exact_number import number_from
from server.domain.json_words import number_word
from server.kinds.item_field import Cell
from server.web import json_value

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_FLAGS = {"true": True, "false": False}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_MARKS = ("'", "=")
_FEW_DIGITS = 15
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")
_ESCAPED_CHARACTER = re.compile("_x([0-9A-Fa-f]{4})_")  # of XLSX, for what XML does not hold


def number_or_text(cell: str) -> int | float | str:
    """Return the number in a cell; the text itself if it is none, or if it is one of two."""
    return cell if has_two_readings(cell.strip()) else number_in_0_1_0(cell)


def number_in_0_1_0(cell: str) -> int | float | str:
    """Return the number in a cell as version 0.1.0 read it: 1.000 is 1."""
    match = _NUMBER.fullmatch(cell.strip())
    if match is None:
        return cell
    is_whole = match[1] is None and match[2] is None
    return json_value.whole(match[0]) if is_whole else number_from(match[0])


def flag_or_text(cell: str) -> bool | str:
    """Return the flag in a cell; the text itself if it is none."""
    return _FLAGS.get(cell.strip().lower(), cell)


READERS: Mapping[Cell, Callable[[str], Any]] = {
    Cell.TEXT: str,
    Cell.NUMBER: number_or_text,
    Cell.FLAG: flag_or_text,
}
_READERS_OF_0_1_0 = {**READERS, Cell.NUMBER: number_in_0_1_0}


class CellReading(Protocol):
    """Reads the cells of one format."""

    @property
    def readers(self) -> Mapping[Cell, Callable[[Any], Any]]:
        """Return what reads a cell in a column of each type: its value, or None if it is empty."""
        ...

    def text(self, cell: Any) -> str:
        """Return the text of a cell, trimmed."""
        ...

    def value_in_0_1_0(self, kind: Cell, cell: Any) -> Any:
        """Return the value that version 0.1.0 read from a cell that is not empty."""
        ...


class TextCells:
    """Reads the cells of CSV."""

    @property
    def readers(self) -> Mapping[Cell, Callable[[str], Any]]:
        return _TEXT_READERS

    def text(self, cell: str) -> str:
        return cell.strip()

    def value_in_0_1_0(self, kind: Cell, cell: str) -> Any:
        return _READERS_OF_0_1_0[kind](cell)


class SheetCells:
    """Reads the cells of a spreadsheet, which have types of their own."""

    @property
    def readers(self) -> Mapping[Cell, Callable[[Any], Any]]:
        return {kind: partial(self._value, kind) for kind in Cell}

    def text(self, cell: Any) -> str:
        return text_in_sheet(cell)

    def value_in_0_1_0(self, kind: Cell, cell: Any) -> Any:
        """Return the value of today: 0.1.0 read no spreadsheets."""
        return self._value(kind, cell)

    def _value(self, kind: Cell, cell: Any) -> Any:
        is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
        if (kind is Cell.NUMBER and is_number) or (kind is Cell.FLAG and isinstance(cell, bool)):
            return cell
        text = text_in_sheet(cell)
        return READERS[kind](text) if text else None


def content_of(cell: str) -> str:
    """Return the content of a cell of a text: trimmed, and without what a download has put around.

    That is an apostrophe before what a spreadsheet would run as a formula, and `="0012"`, which
    keeps Excel from reading a number.
    """
    text = cell.strip()
    if not text.startswith(_MARKS):
        return text  # nearly always
    if text[0] == "'" and _ESCAPED.match(text):
        return text[1:].strip()
    if text.startswith('="') and text[-1] == '"' and len(text) > 3:
        return text[2:-1]
    return text


def escaped(text: str) -> str:
    """Return the text with an apostrophe before it, if a spreadsheet might run it as a formula."""
    if not text.strip():
        return ""  # as it is read
    is_formula = text.startswith(FORMULA_STARTS) or _ESCAPED.match(text)
    return f"'{text}" if is_formula else text


def text_in_sheet(value: object) -> str:
    """Return the text of a cell of a spreadsheet, as the spreadsheet shows it; "" for none."""
    match value:
        case None:
            return ""
        case str():
            return _ESCAPED_CHARACTER.sub(lambda code: chr(int(code[1], 16)), value).strip()
        case bool():
            return number_word(value)
        case float():
            return _shown_number(value)
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _shown_number(number: float) -> str:
    """Return a float as spreadsheets show it: 1E+23."""
    if number.is_integer() and abs(number) < 10**15:
        return str(int(number))
    return repr(number).replace("e", "E")


def _number_in_text(cell: str) -> int | float | str | None:
    if cell.isdigit() and cell.isascii() and len(cell) <= _FEW_DIGITS:
        return int(cell)  # nearly always
    content = content_of(cell)
    return number_or_text(content) if content else None


def _flag_in_text(cell: str) -> bool | str | None:
    content = content_of(cell)
    return flag_or_text(content) if content else None


_TEXT_READERS: Mapping[Cell, Callable[[str], Any]] = {
    Cell.TEXT: lambda cell: content_of(cell) or None,
    Cell.NUMBER: _number_in_text,
    Cell.FLAG: _flag_in_text,
}
