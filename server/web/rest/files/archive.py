"""The ZIP archive that an XLSX file is, checked before a library reads it.

An archive of some kilobytes can unpack to gigabytes, and the library holds each row, each text and
some whole parts in memory. So the parts are unpacked once piece by piece, and their elements are
counted. zipfile never unpacks more of a part than the archive says.
"""

import re
import zipfile
from collections.abc import Iterator
from typing import IO, Final

from server.domain.errors import BadInput

MOST_CELLS: Final = 20_000_000
MOST_ROWS: Final = 2**20  # of one sheet, as Excel has it
_MOST_CELLS_OF_A_ROW: Final = 20_000  # Excel has 16 384
_MOST_ENTRIES: Final = 3_000_000  # rows and shared texts of all sheets
_MOST_PARTS: Final = 10_000
_LONGEST_STRETCH: Final = 4 * 1024**2  # bytes without the end of a row or a shared text
_MOST_SHARED: Final = 64 * 1024**2  # bytes of a part with shared texts, which stay in memory
_PIECE: Final = 256 * 1024
_TAIL: Final = 64  # bytes, in which a tag is cut
_ELEMENT = re.compile(
    rb"<(?:[\w.-]{1,40}:)?(?:(c)|(row)|(si))(?=[\s/>])|</(?:[\w.-]{1,40}:)?(row|si)\s*>"
)
_ATTRIBUTE = rb"\s+[\w:.-]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')"
_SELF_CLOSED = re.compile(rb"(?:" + _ATTRIBUTE + rb")*\s*/>")  # the rest of a tag
_SPECIAL = re.compile(rb"<![^\s>]{0,8}")  # a comment, a document type, or text as it stands
_FOREIGN = re.compile(
    rb"^.{0,80}encoding\s*=\s*[\"'](?!utf-?8|us-ascii)", re.IGNORECASE | re.DOTALL
)


def checked_archive(file: IO[bytes], most_bytes: int) -> None:
    """Check that the archive in `file` can be read in little memory.

    Raises:
        BadInput: it cannot, or is no archive.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS:
                raise BadInput(f"The file has more than {_MOST_PARTS} parts.")
            if sum(part.file_size for part in parts) > most_bytes:
                raise BadInput(f"The file is longer than {most_bytes} bytes when it is unpacked.")
            if any(part.flag_bits & 1 for part in parts):
                raise BadInput("The file is protected by a password: save it without one.")
            counts = _Counts()
            for part in parts:
                with archive.open(part) as content:
                    counts.add(iter(lambda: content.read(_PIECE), b""))
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, ValueError) as error:
        raise BadInput("The file is damaged: it cannot be unpacked.") from error


class _Counts:
    """Counts the elements of all parts, and refuses what would take too much memory."""

    def __init__(self) -> None:
        self.cells = 0
        self.entries = 0

    def add(self, pieces: Iterator[bytes]) -> None:
        """Count the elements of a part, if it is XML.

        Raises:
            BadInput: there are too many, or the part is not as spreadsheets write it.
        """
        piece = next(pieces, b"")
        begin = piece.removeprefix(b"\xef\xbb\xbf").lstrip()
        if piece[:2] in (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<") or _FOREIGN.match(begin):
            raise BadInput("The file has a part that is not in UTF-8: save it again as XLSX.")
        if not begin.startswith(b"<"):
            return  # a picture, say
        part, rest = _Part(), b""
        while piece:
            part.add(rest + piece, len(piece), self)
            if self.cells > MOST_CELLS or self.entries > _MOST_ENTRIES:
                raise BadInput(
                    f"The file has more than {MOST_CELLS} cells, or {_MOST_ENTRIES} rows and "
                    "texts: send it as CSV."
                )
            rest, piece = piece[-_TAIL:], next(pieces, b"")


class _Part:
    """One part of XML: how much of it stands between two ends of rows, or is held as a whole."""

    def __init__(self) -> None:
        self._bytes = 0
        self._stretch = 0  # bytes since the last end of a row or text
        self._row_cells: int | None = None  # in the row that is open
        self._has_texts = False
        self._is_plain = True

    def add(self, text: bytes, new_bytes: int, counts: _Counts) -> None:
        """Count what is in a piece, which begins with the end of the one before it."""
        self._bytes += new_bytes
        self._stretch += new_bytes
        special = _SPECIAL.findall(text)
        if any(one.upper().startswith(b"<!DOCTYPE") for one in special):
            raise BadInput("The file has a document type, as no spreadsheet writes one.")
        self._is_plain = self._is_plain and not special
        for match in _ELEMENT.finditer(text):
            cell, row, shared, end = match.groups()
            if cell:
                counts.cells += 1
                if self._row_cells is not None:
                    self._require(self._row_cells < _MOST_CELLS_OF_A_ROW)
                    self._row_cells += 1
            elif end:
                self._stretch, self._row_cells = len(text) - match.end(), None
            else:
                counts.entries += 1
                is_closed = _SELF_CLOSED.match(text, match.end())
                self._row_cells = 0 if row and not is_closed else None
                if is_closed:
                    self._stretch = len(text) - is_closed.end()
                self._has_texts = self._has_texts or bool(shared)
        self._require(self._stretch <= _LONGEST_STRETCH)
        # Comments and the like can hide elements, so a part that has some is short.
        self._require(self._is_plain or self._bytes <= _LONGEST_STRETCH)
        self._require(not self._has_texts or self._bytes <= _MOST_SHARED)

    def _require(self, is_short: bool) -> None:
        if not is_short:
            raise BadInput("The file has a part that is too long to be read: send it as CSV.")
