"""A body of CSV as people have it: a header, and an item on each row.

What the text is written in is detected from its first characters and its header, and items follow
while the rest arrives; see `Decoder` and `detected`.
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

BEGINNING = 4  # bytes, with which a text says that it is UTF-16
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
        self._pending: list[str] = []  # of a header that is not whole
        self._first_line = self._first_row = 1
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
    def columns(self) -> list[dict[str, str | None]]:
        return list(self._table.columns)

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
            self._decoder = Decoder(piece, self._said.encoding)
        try:
            text = self._decoder.decode(piece, final=final)
        except BrokenText as broken:
            self._lines.feed(broken.before)
            raise BadInput(f"Line {self._lines.number} {broken.fault}.") from broken
        lines = self._lines.feed(text, final=final)
        if self._records is None:
            lines = self._begun([*self._pending, *lines], final=final)
        return self._table.items(self._records.feed(lines)) if self._records else []

    def _begun(self, lines: list[str], *, final: bool) -> list[str]:
        """Begin to read rows if the header is whole, and return the lines for that."""
        lines = self._without_empty(lines)
        delimiter = said_delimiter(lines[0]) if lines else None
        if delimiter is not None:  # no row, for Excel shows none
            self._first_line += 1
            self._said = self._said.with_delimiter(self._said.delimiter or delimiter)
            lines = self._without_empty(lines[1:])
        self._pending = lines
        known = {*self._kind.plain_columns, *self._said.columns}
        dialect = detected(lines[:_LINES], known, self._said)
        if dialect is None and (len(lines) < _LINES or not lines) and not (final and lines):
            return []
        self._dialect, self._pending = dialect or Dialect(), []
        self._records = Records(
            self._dialect, first_line=self._first_line, first_row=self._first_row
        )
        return lines

    def _without_empty(self, lines: list[str]) -> list[str]:
        """Return the lines from the first one that can be a header: it has more than delimiters."""
        is_filled = (bool(line.strip(" \t\r\n,;|\"'")) for line in lines)
        empty = next((place for place, one in enumerate(is_filled) if one), len(lines))
        self._first_line += empty
        self._first_row += empty
        return lines[empty:]
