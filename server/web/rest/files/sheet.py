"""A sheet of an XLSX file, read row by row with openpyxl.

openpyxl reads a sheet as a stream of XML. calamine is ten times as fast, but allocates the whole
rectangle of a sheet: one cell in the last row aborts the process (docs/decisions/0017-files.md).
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import IO, Any, Protocol

from openpyxl import load_workbook

from server.domain.errors import BadInput, quoted
from server.domain.file_form import FileForm
from server.domain.item_result import FileItem
from server.web.rest.files.archive import MOST_CELLS, MOST_ROWS, checked_archive
from server.web.rest.files.cells import SheetCells
from server.web.rest.files.parameters import FileParameters
from server.web.rest.files.table import Row, Table
from server.web.rest.kind import RestKind

log = logging.getLogger(__name__)

_BLOCK = 500  # rows that are read at once: about 10 ms of work
_MOST_NAMED = 20  # sheets


class _Sheet(Protocol):
    title: str

    def reset_dimensions(self) -> None: ...
    def iter_rows(self, *, values_only: bool) -> Iterator[tuple[Any, ...]]: ...


class SheetRows:
    """Reads the items of a sheet. Its methods work for some time: call them in a thread."""

    def __init__(self, kind: RestKind, said: FileParameters, most_bytes: int) -> None:
        self._said = said
        self._most_bytes = most_bytes
        self._table = Table(kind, said, SheetCells())
        self._rows: Iterator[tuple[Any, ...]] = iter(())
        self._number = 0
        self._cells = 0
        self.sheet: str | None = None

    @property
    def form(self) -> FileForm:
        return FileForm(format="xlsx")

    @property
    def columns(self) -> list[dict[str, str | None]]:
        return list(self._table.columns)

    @property
    def ignored_columns(self) -> list[str]:
        return list(self._table.ignored_columns)

    def open(self, file: IO[bytes]) -> None:
        """Find the sheet.

        Raises:
            BadInput: the file is no XLSX, takes too much memory, or has no such sheet.
        """
        checked_archive(file, self._most_bytes)
        file.seek(0)
        with _refused():
            workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheets: list[_Sheet] = list(workbook.worksheets)
        sheet = self._chosen(sheets)
        sheet.reset_dimensions()  # what it says may be wrong, and fills rows up
        self.sheet = sheet.title
        self._rows = sheet.iter_rows(values_only=True)

    def block(self) -> list[FileItem] | None:
        """Return the items of the next rows; None if there are no more.

        Raises:
            BadInput: a row is wrong, or there are too many.
        """
        with _refused():
            rows = list(islice(self._rows, _BLOCK))
        if not rows:
            return None
        first, self._number = self._number + 1, self._number + len(rows)
        self._cells += sum(map(len, rows))
        if self._number > MOST_ROWS or self._cells > MOST_CELLS:
            raise BadInput(
                f"The sheet has more than {MOST_ROWS} rows or {MOST_CELLS} cells: send it as CSV."
            )
        return self._table.items(
            [Row(number, 0, cells) for number, cells in enumerate(rows, first)]
        )

    def _chosen(self, sheets: list[_Sheet]) -> _Sheet:
        name = self._said.sheet
        if not sheets:
            raise BadInput("The file has no sheet with cells.")
        if name is None:
            return sheets[0]
        found = next((one for one in sheets if one.title.strip() == name.strip()), None)
        if found is None:
            names = ", ".join(quoted(one.title) for one in sheets[:_MOST_NAMED])
            raise BadInput(f"The file has no sheet {quoted(name)}: it has {names}.")
        return found


@contextmanager
def _refused() -> Iterator[None]:
    """Refuse a file that openpyxl cannot read: it has no error of its own for that.

    Raises:
        BadInput: openpyxl raised an error.
    """
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:  # any: each part of a file can be wrong in its own way
        log.debug("An XLSX file could not be read: %r", error)
        raise BadInput(
            "The file is not XLSX, or damaged: open it in a spreadsheet and save it as XLSX or CSV."
        ) from error
