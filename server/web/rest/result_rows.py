"""Results as the rows of a file: each item as it was sent, and what became of it.

An item that failed can be mended in the file and sent again as it is: what a download adds is left
out by `NdjsonRows` and `CsvRows`.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from server.domain.item_result import Input, ItemResult
from server.web import json_value
from server.web.rest.csv_rows import RESULT_PREFIX
from server.web.rest.kind import RestKind
from server.web.rest.ndjson import RESULT
from server.web.rest.result_fields import downloaded, plain

_RESULT_COLUMNS = (
    "index",
    "success",
    "code",
    "error",
    "message",
    "newStock",
    "txId",
    "publicationError",
    "productId",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Writer(Protocol):
    """Writes one format."""

    suffix: str
    media_type: str

    def head(self) -> bytes:
        """What stands before the first row."""
        ...

    def rows(self, results: Sequence[ItemResult]) -> bytes: ...


class NdjsonWriter:
    suffix = "ndjson"
    media_type = "application/x-ndjson"

    def head(self) -> bytes:
        return b""

    def rows(self, results: Sequence[ItemResult]) -> bytes:
        return b"".join(
            json_value.written(_plain(one.input) | {RESULT: downloaded(one)}) + b"\n"
            for one in results
        )


class CsvWriter:
    """The columns of the items as they were sent, not changed for spreadsheets: see docs/rest.md.

    What is not the caller's own, in the columns of the result, never begins like a formula.
    """

    suffix = "csv"
    media_type = "text/csv; charset=utf-8; header=present"

    def __init__(self, kind: RestKind) -> None:
        self._kind = kind

    def head(self) -> bytes:
        return _csv([[*self._kind.columns, *(RESULT_PREFIX + name for name in _RESULT_COLUMNS)]])

    def rows(self, results: Sequence[ItemResult]) -> bytes:
        return _csv([self._row(one) for one in results])

    def _row(self, result: ItemResult) -> list[Any]:
        sent, became = self._flat(result.input), downloaded(result)
        return [
            *(_cell(sent.get(name)) for name in self._kind.columns),
            *(_no_formula(_cell(became.get(name))) for name in _RESULT_COLUMNS),
        ]

    def _flat(self, sent: Input) -> Mapping[str, Any]:
        inner = sent.get(self._kind.parent) if self._kind.parent else None
        return {**sent, **inner} if isinstance(inner, Mapping) else sent


def _plain(sent: Input) -> dict[str, Any]:
    return {
        name: _plain(value) if isinstance(value, Mapping) else plain(value)
        for name, value in sent.items()
    }


def _csv(rows: list[list[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _no_formula(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell
