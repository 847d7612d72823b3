"""Results as a spreadsheet: each item as it was sent, and its result, in cells with types.

XlsxWriter writes row by row to a temporary file, and never takes a text for a formula.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import IO, Any

from xlsxwriter import Workbook

from server.domain.errors import BadInput
from server.domain.item_result import ItemResult
from server.web.rest.files.archive import MOST_ROWS
from server.web.rest.files.header import RESULT_PREFIX
from server.web.rest.files.media_types import XLSX
from server.web.rest.kind import RestKind
from server.web.rest.result_rows import RESULT_COLUMNS, row_of

_LONGEST_TEXT = 32_767  # characters of a cell: Excel takes no more


class SheetWriter:
    """Writes a spreadsheet. Its methods work for some time: call them in a thread."""

    suffix = "xlsx"
    media_type = XLSX

    def __init__(self, kind: RestKind) -> None:
        self._kind = kind
        self._folder = TemporaryDirectory(prefix="stockbatch-")  # of the rows, too
        self._path = Path(self._folder.name) / "results.xlsx"
        options = {"constant_memory": True, "tmpdir": self._folder.name}
        self._workbook = Workbook(str(self._path), options)
        self._file: IO[bytes] | None = None
        self._sheet = self._workbook.add_worksheet("results")
        self._rows = 0
        names = [*kind.columns, *(RESULT_PREFIX + name for name in RESULT_COLUMNS)]
        self._write(names)
        self._sheet.freeze_panes(1, 0)

    def __enter__(self) -> "SheetWriter":
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
        self._folder.cleanup()

    def add(self, results: Sequence[ItemResult]) -> None:
        """Write a row for each result."""
        for result in results:
            self._write(row_of(self._kind, result))

    def end(self) -> IO[bytes]:
        """Return the file, which is complete."""
        self._workbook.close()
        self._file = self._path.open("rb")
        return self._file

    def _write(self, values: Sequence[Any]) -> None:
        for place, value in enumerate(values):
            if isinstance(value, str):
                text = value.encode("utf-8", "replace").decode()
                self._sheet.write_string(self._rows, place, text[:_LONGEST_TEXT])
            elif value is not None:
                self._sheet.write_number(self._rows, place, value)
        self._rows += 1


def require_rows(count: int) -> None:
    """Check that a sheet has a row for each of the results.

    Raises:
        BadInput: it has too few.
    """
    if count >= MOST_ROWS:
        raise BadInput(
            f"The batch has {count} items, and a sheet {MOST_ROWS} rows: ask for format=csv."
        )
