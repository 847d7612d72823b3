"""A file on its way in: what format it has, its items, and what was found out about it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from server.domain.errors import BadInput
from server.domain.file_form import FileForm
from server.domain.item_result import Input
from server.web.refusal import too_large
from server.web.rest.files.csv_rows import CsvRows
from server.web.rest.files.parameters import SHEET, FileParameters
from server.web.rest.files.sent import SentFile
from server.web.rest.files.sheet import SheetRows
from server.web.rest.kind import RestKind
from server.web.rest.ndjson import NdjsonRows
from server.web.rest.rows import StreamLimits, blocks, require_few

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_SIGNATURE_BYTES = 4
_IN_MEMORY = 1024**2  # bytes of a spreadsheet: the rest of it is on disk
_LINE_ENDS = {"\r\n": "CRLF", "\n": "LF", "\r": "CR"}

Reading = CsvRows | NdjsonRows | SheetRows


class FileReading:
    """Reads the items of a file of any format in flat memory."""

    def __init__(
        self, file: SentFile, said: FileParameters, kind: RestKind, limits: StreamLimits
    ) -> None:
        self._file = file
        self._said = said
        self._kind = kind
        self._limits = limits
        self._reading: Reading | None = None

    def form(self) -> FileForm | None:
        """Return the form of the file; it is final when all items were read."""
        match self._reading:
            case None:
                return None
            case NdjsonRows():
                return FileForm(format="ndjson", encoding="utf-8")
            case CsvRows() | SheetRows():
                return self._reading.form

    def report(self) -> dict[str, Any]:
        """Return what the sender is told of the file."""
        form = self.form()
        if form is None:
            return {}
        told: dict[str, Any] = {
            "format": form.format,
            "encoding": form.encoding,
            "byteOrderMark": form.has_byte_order_mark or None,
            "delimiter": form.delimiter,
            "quote": form.quote,
            "lineEnd": _LINE_ENDS.get(form.line_end or ""),
        }
        if isinstance(self._reading, SheetRows):
            told["sheet"] = self._reading.sheet
        if isinstance(self._reading, CsvRows | SheetRows):
            told["columns"] = self._reading.columns
            told["ignoredColumns"] = self._reading.ignored_columns
        return {name: value for name, value in told.items() if value is not None}

    async def items(self) -> AsyncGenerator[Sequence[Input], None]:
        """Yield the items in their order, some hundreds at a time.

        Raises:
            BadInput: the file is wrong. BatchTooLarge: it has too many items.
            Refused: it has too many bytes.
        """
        beginning = await self._beginning()
        self._reading = reading = self._reader(beginning)
        async with aclosing(_joined(beginning, self._file.body)) as body:
            if isinstance(reading, SheetRows):
                found = self._sheet_blocks(body, reading)
            else:
                found = blocks(body, reading, self._limits)
            async with aclosing(found):
                async for block in found:
                    yield block

    async def _beginning(self) -> bytes:
        beginning = b""
        while len(beginning) < _SIGNATURE_BYTES:
            piece = await anext(self._file.body, None)
            if piece is None:
                break
            beginning += piece
        return beginning

    def _reader(self, beginning: bytes) -> Reading:
        said, is_ndjson = self._said, self._file.is_ndjson
        if is_ndjson is None:
            is_ndjson = beginning.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
        if is_ndjson:
            _require_none(said.of_tables, "CSV and XLSX")
            return NdjsonRows(self._kind)
        if beginning.startswith(_OLE):
            raise BadInput(
                "The file is an Excel file in the old format (.xls), or has a password: save it as "
                "XLSX without one, or as CSV."
            )
        if beginning.startswith(_ZIP):
            _require_none(said.of_texts, "CSV")
            return SheetRows(self._kind, said, self._limits.bytes)
        _require_none((SHEET,) if said.sheet is not None else (), "XLSX")
        return CsvRows(self._kind, replace(said, encoding=said.encoding or self._file.encoding))

    async def _sheet_blocks(
        self, body: AsyncIterator[bytes], rows: SheetRows
    ) -> AsyncGenerator[Sequence[Input], None]:
        """Store the spreadsheet, whose directory is at its end, and yield its items."""
        items = 0
        async with self._limits.sheets_at_once:
            with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
                await self._store(body, file)
                await asyncio.to_thread(rows.open, file)
                while (block := await asyncio.to_thread(rows.block)) is not None:
                    items += len(block)
                    require_few(items, self._limits)
                    if block:
                        yield block

    async def _store(self, body: AsyncIterator[bytes], file: IO[bytes]) -> None:
        received, held = 0, bytearray()
        async for piece in body:
            received += len(piece)
            if received > self._limits.bytes:
                raise too_large(f"The file is longer than {self._limits.bytes} bytes.")
            held += piece
            if len(held) >= _IN_MEMORY:
                await asyncio.to_thread(file.write, bytes(held))
                held.clear()
        await asyncio.to_thread(file.write, bytes(held))


async def _joined(first: bytes, others: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    yield first
    async for piece in others:
        yield piece


def _require_none(names: Sequence[str], formats: str) -> None:
    if names:
        verb = "is" if len(names) == 1 else "are"
        raise BadInput(f"{' and '.join(names)} {verb} for {formats} alone: leave it out.")
