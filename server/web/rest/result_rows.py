"""Results as the rows of a file: each item as it was sent, and its result.

A failed item can be mended in the file, and the file sent again: what a download adds is skipped.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from server.domain.file_form import FileForm
from server.domain.item_result import Input, ItemResult
from server.web import json_value
from server.web.rest.files.cells import escaped
from server.web.rest.files.encoding import byte_order_mark, codec_of
from server.web.rest.files.header import RESULT_PREFIX
from server.web.rest.kind import RestKind
from server.web.rest.ndjson import RESULT
from server.web.rest.result_fields import downloaded, plain

RESULT_COLUMNS = (
    "index",
    "row",
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
_CRLF = "\r\n"
_AS_NUMBER = re.compile(r"[0-9.,:/+-]*[0-9][0-9.,:/+-]*([eE][+-]?[0-9]+)?", re.ASCII)


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
    """Write the items in the columns of their kind, then the columns of the result.

    The text is written as the batch's own file was: see `FileForm`. A spreadsheet may run a cell as
    a formula, so such a text gets an apostrophe, which is taken off when the file is sent again.
    `for_excel`: UTF-8 with a byte order mark, and texts that Excel would read as numbers as
    `="0012"`.
    """

    suffix = "csv"

    def __init__(
        self, kind: RestKind, form: FileForm | None = None, *, for_excel: bool = False
    ) -> None:
        form = form if form and form.format == "csv" else FileForm(format="csv")
        self._kind = kind
        self._for_excel = for_excel
        self._encoding = "utf-8" if for_excel else form.encoding or "utf-8"
        self._has_mark = for_excel or form.has_byte_order_mark
        self._delimiter, self._quote = form.delimiter or ",", form.quote or '"'
        self._line_end = form.line_end or _CRLF
        self.media_type = f"text/csv; charset={self._encoding}; header=present"

    def head(self) -> bytes:
        names = [*self._kind.columns, *(RESULT_PREFIX + name for name in RESULT_COLUMNS)]
        mark = byte_order_mark(self._encoding) if self._has_mark else b""
        return mark + self._csv([names])

    def rows(self, results: Sequence[ItemResult]) -> bytes:
        return self._csv([self._row(result) for result in results])

    def _row(self, result: ItemResult) -> list[Any]:
        return [self._cell(value) for value in row_of(self._kind, result)]

    def _cell(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if self._for_excel and _AS_NUMBER.fullmatch(value):
            return f'="{value}"'
        return escaped(value)

    def _csv(self, rows: list[list[Any]]) -> bytes:
        lines = _Lines()
        writer = csv.writer(
            lines, delimiter=self._delimiter, quotechar=self._quote, lineterminator=_CRLF
        )
        writer.writerows(rows)
        text = "".join(line.removesuffix(_CRLF) + self._line_end for line in lines)
        return text.encode(codec_of(self._encoding), "replace")


class _Lines(list[str]):
    """Receives rows of csv.writer, which quotes a CR and an LF alone if both end a line."""

    def write(self, line: str) -> None:
        self.append(line)


def row_of(kind: RestKind, result: ItemResult) -> list[Any]:
    """Return the values of a row: of the columns of the kind, then of those of the result."""
    sent, added = result.input, downloaded(result)
    inner = sent.get(kind.parent) if kind.parent else None
    flat = {**sent, **inner} if isinstance(inner, Mapping) else sent
    return [
        *(_cell(flat.get(name)) for name in kind.columns),
        *(_cell(added.get(name)) for name in RESULT_COLUMNS),
    ]


def _plain(sent: Input) -> dict[str, Any]:
    return {
        name: _plain(value) if isinstance(value, Mapping) else plain(value)
        for name, value in sent.items()
    }


def _cell(value: Any) -> Any:
    if isinstance(value, bool | list | Mapping):
        return json_value.written(value).decode()
    return plain(value)
