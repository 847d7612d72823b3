"""A body of CSV as people have it: a header, and an item on each row.

What the text is written in is detected from its beginning; see `Decoder` and `detected`.
"""

from server.domain.errors import BadInput
from server.domain.file_form import FileForm
from server.domain.item_result import FileItem
from server.web.rest.files.cells import TextCells
from server.web.rest.files.dialect import Dialect, detected, said_delimiter
from server.web.rest.files.encoding import BrokenText, Decoder
from server.web.rest.files.parameters import FileParameters
from server.web.rest.files.records import Records
from server.web.rest.files.table import Table
from server.web.rest.files.text_lines import TextLines
from server.web.rest.kind import RestKind

BEGINNING = 64 * 1024  # bytes, from which everything is detected
_LINES = 20  # of a header whose cells have line breaks


class CsvRows:
    """Reads items. An empty cell is no field; columns of a download are skipped."""

    def __init__(self, kind: RestKind, said: FileParameters | None = None) -> None:
        self._kind = kind
        self._said = said or FileParameters()
        self._table = Table(kind, self._said, TextCells())
        self._lines = TextLines()
        self._beginning: bytearray | None = bytearray()
        self._decoder = Decoder(b"")
        self._empty_lines = 0  # before the header
        self._records: Records | None = None
        self._dialect = Dialect()

    @property
    def form(self) -> FileForm:
        """Return what the text is written in. It is final when all of it was read."""
        return FileForm(
            format="csv",
            encoding=self._decoder.encoding,
            has_byte_order_mark=self._decoder.has_mark,
            delimiter=self._dialect.delimiter,
            quote=self._dialect.quote,
            line_end=self._lines.line_end,
        )

    @property
    def ignored_columns(self) -> list[str]:
        return list(self._table.ignored_columns)

    def feed(self, piece: bytes) -> list[FileItem]:
        return self._fed(piece, final=False)

    def end(self) -> list[FileItem]:
        items = self._fed(b"", final=True)
        if self._records is not None:
            self._records.end()
        return items

    def _fed(self, piece: bytes, *, final: bool) -> list[FileItem]:
        if self._beginning is not None:
            self._beginning += piece
            if len(self._beginning) < BEGINNING and not final:
                return []
            piece, self._beginning = bytes(self._beginning), None
            self._decoder = Decoder(piece[:BEGINNING], self._said.encoding)
        try:
            text = self._decoder.decode(piece, final=final)
        except BrokenText as broken:
            self._lines.feed(broken.before)
            raise BadInput(f"Line {self._lines.number} {broken.fault}.") from broken
        return self._items(self._lines.feed(text, final=final))

    def _items(self, lines: list[str]) -> list[FileItem]:
        if self._records is None:
            empty = next(
                (place for place, line in enumerate(lines) if _has_names(line)), len(lines)
            )
            self._empty_lines += empty
            lines = lines[empty:]
            if not lines:
                return []
            self._records, lines = self._begun(lines)
        return self._table.items(self._records.feed(lines))

    def _begun(self, lines: list[str]) -> tuple[Records, list[str]]:
        """Return the reader of the rows, and the lines for it, which begin with the header."""
        said, first_line, first_row = self._said, self._empty_lines + 1, self._empty_lines + 1
        delimiter = said_delimiter(lines[0])
        if delimiter is not None:  # no row, for Excel shows none
            lines, first_line = lines[1:], first_line + 1
            said = said if said.delimiter else said.with_delimiter(delimiter)
        known = {*self._kind.plain_columns, *said.columns}
        self._dialect = detected(lines[:_LINES], known, said)
        return Records(self._dialect, first_line=first_line, first_row=first_row), lines


def _has_names(line: str) -> bool:
    """Return whether a line can be a header: it has more than delimiters."""
    return bool(line.strip(" \t\r\n,;|\"'"))
