"""A table, whatever file it comes in: a header, and an item on each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.domain.errors import BadInput
from server.domain.item_result import FileItem
from server.kinds.item_field import Cell
from server.web.rest.files.cells import CellReading
from server.web.rest.files.header import Header, letters, read_header
from server.web.rest.files.parameters import FileParameters
from server.web.rest.kind import RestKind


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row. `number` is its place in a spreadsheet, from 1; `place` names it."""

    number: int
    place: str
    cells: Sequence[Any]


class Table:
    """Makes items of rows: a row without any content is no item, and an empty cell no field."""

    def __init__(self, kind: RestKind, said: FileParameters, reading: CellReading) -> None:
        self._kind = kind
        self._said = said
        self._reading = reading
        self._columns: list[tuple[int, str, Cell]] = []
        self.header: Header | None = None

    @property
    def ignored_columns(self) -> Sequence[str]:
        """Return the names in the header that stand for no column."""
        return self.header.ignored if self.header else ()

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
            self.header = read_header(row.place, cells, self._kind, self._said)
            kinds = self._kind.columns
            self._columns = [(place, name, kinds[name]) for place, name in self.header.columns]

    def _item(self, row: Row, header: Header) -> FileItem | None:
        cells, count, reading = row.cells, len(row.cells), self._reading
        if count > header.width:
            self._require_nothing_behind(row, header.width)
        fields: dict[str, Any] = {}
        is_another = False  # than 0.1.0 would have read
        for place, name, kind in self._columns:
            cell = cells[place] if place < count else None
            if cell is None or cell == "":
                continue
            value = reading.value(kind, cell)
            if value is not None:
                fields[name] = value
            is_another = is_another or (
                type(value) is str and (value != cell or kind is not Cell.TEXT)
            )
        if not fields and not any(map(reading.text, cells)):
            return None
        item = FileItem(row.number, self._nested(fields))
        if is_another:
            item.in_0_1_0 = self._nested(self._in_0_1_0(cells))
        return item

    def _in_0_1_0(self, cells: Sequence[Any]) -> dict[str, Any]:
        return {
            name: self._reading.value_in_0_1_0(kind, cells[place])
            for place, name, kind in self._columns
            if place < len(cells) and cells[place]
        }

    def _require_nothing_behind(self, row: Row, width: int) -> None:
        for place, cell in enumerate(row.cells[width:], width):
            if self._reading.text(cell):
                raise BadInput(
                    f"{row.place} has a cell in column {letters(place)}, behind the {width} of the "
                    "header. A cell that holds the delimiter stands between quotes."
                )

    def _nested(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        parent, keys = self._kind.parent, self._kind.parent_keys
        if parent is None:
            return fields
        inner = {name: fields[name] for name in keys if name in fields}
        return {name: fields[name] for name in fields if name not in inner} | {parent: inner}
