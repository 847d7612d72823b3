"""Results as the rows of a file: each item as it was sent, and its result.

A failed item can be mended in the file, and the file sent again: `NdjsonRows` and `CsvRows` skip
what a download adds.
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
    "oldStock",
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
        """Return what stands before the first row."""
        ...

    def rows(self, results: Sequence[ItemResult]) -> bytes:
        """Return a row for each result."""
        ...


class NdjsonWriter:
    """Write the items as they were sent, each with the key `result`."""

    suffix = "ndjson"
    media_type = "application/x-ndjson"

    def head(self) -> bytes:
        return b""

    def rows(self, results: Sequence[ItemResult]) -> bytes:
        return b"".join(
            json_value.written(_plain(result.input) | {RESULT: downloaded(result)}) + b"\n"
            for result in results
        )


class CsvWriter:
    """Write the items in the columns in which they were sent, then the columns of the result.

    A spreadsheet may run a cell as a formula. The columns of the result never begin like one; the
    caller's own columns are not changed, because the file may be sent again (see docs/rest.md).
    """

    suffix = "csv"
    media_type = "text/csv; charset=utf-8; header=present"

    def __init__(self, kind: RestKind) -> None:
        self._kind = kind

    def head(self) -> bytes:
        return _csv([[*self._kind.columns, *(RESULT_PREFIX + name for name in _RESULT_COLUMNS)]])

    def rows(self, results: Sequence[ItemResult]) -> bytes:
        return _csv([self._row(result) for result in results])

    def _row(self, result: ItemResult) -> list[Any]:
        sent, added = self._flat(result.input), downloaded(result)
        return [
            *(_cell(sent.get(name)) for name in self._kind.columns),
            *(_no_formula(_cell(added.get(name))) for name in _RESULT_COLUMNS),
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
    if isinstance(value, bool | list | Mapping):
        return json_value.written(value).decode()
    return value


def _no_formula(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell
