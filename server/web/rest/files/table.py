"""A table, whatever file it comes in: a header, and an item on each row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from server.domain.errors import BadInput, cut
from server.domain.item_result import FileItem
from server.kinds.item_field import Cell
from server.web.rest.files.cells import CellReading
from server.web.rest.files.header import Header, letters, named_columns, read_header
from server.web.rest.files.parameters import FileParameters
from server.web.rest.kind import RestKind

_TEXT = Cell.TEXT


class Row(NamedTuple):
    """The cells of a row. `number` is its place in a spreadsheet, from 1.

    `line` is the line of a text in which it begins; 0 if it is in no text.
    """

    number: int
    line: int
    cells: Sequence[Any]


class Table:
    """Makes items of rows: a row without any content is no item, and an empty cell no field.

    `columns` is what `named_columns` says of the header, also if it is wrong.
    """

    def __init__(self, kind: RestKind, said: FileParameters, reading: CellReading) -> None:
        self._kind = kind
        self._said = said
        self._reading = reading
        self._columns: list[tuple[int, str, Cell, Callable[[Any], Any]]] = []
        self.header: Header | None = None
        self.columns: Sequence[dict[str, str | None]] = ()

    @property
    def ignored_columns(self) -> Sequence[str]:
        """Return the names in the header that stand for no column."""
        return [cut(name) for name in self.header.ignored] if self.header else ()

    def items(self, rows: Sequence[Row]) -> list[FileItem]:
        """Return the items of the next rows.

        Raises:
            BadInput: the header is wrong, or a row has a cell behind the columns of the header.
        """
        items = []
        for row in rows:
            if self.header is None:
                self._begin(row)
            elif (item := self._item(row, self.header)) is not None:
                items.append(item)
        return items

    def _begin(self, row: Row) -> None:
        cells = [self._reading.text(cell) for cell in row.cells]
        if any(cells):
            self.columns = named_columns(cells, self._kind, self._said)
            self.header = read_header(self._place(row), cells, self._kind, self._said)
            kinds, readers = self._kind.columns, self._reading.readers
            self._columns = [
                (place, name, kinds[name], readers[kinds[name]])
                for place, name in self.header.columns
            ]

    def _item(self, row: Row, header: Header) -> FileItem | None:
        """Return the item of a row. For a row of CSV this takes some 3 µs."""
        cells, count = row.cells, len(row.cells)
        if count > header.width:
            self._require_nothing_behind(row, header.width)
        fields: dict[str, Any] = {}
        is_another = False  # than 0.1.0 would have read
        for place, name, kind, read in self._columns:
            cell = cells[place] if place < count else None
            if cell is None or cell == "":
                continue
            value = read(cell)
            if value is None:
                is_another = True
                continue
            fields[name] = value
            if type(value) is str and (value is not cell or kind is not _TEXT):
                is_another = True
        if not fields and not any(map(self._reading.text, filter(None, cells))):
            return None
        item = FileItem(row.number, self._nested(fields))
        if is_another:
            item.in_0_1_0 = self._nested(self._in_0_1_0(cells))
        return item

    def _in_0_1_0(self, cells: Sequence[Any]) -> dict[str, Any]:
        return {
            name: self._reading.value_in_0_1_0(kind, cells[place])
            for place, name, kind, _ in self._columns
            if place < len(cells) and cells[place]
        }

    def _place(self, row: Row) -> str:
        """Return the words for a row in a message."""
        return f"Line {row.line}" if row.line else f"Row {row.number}"

    def _require_nothing_behind(self, row: Row, width: int) -> None:
        for place, cell in enumerate(row.cells[width:], width):
            if self._reading.text(cell):
                raise BadInput(
                    f"{self._place(row)} has a cell in column {letters(place)}, behind the "
                    f"{width} of the header. A cell that holds the delimiter stands between quotes."
                )

    def _nested(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        parent, keys = self._kind.parent, self._kind.parent_keys
        if parent is None:
            return fields
        inner = {name: fields[name] for name in keys if name in fields}
        return {name: fields[name] for name in fields if name not in inner} | {parent: inner}
