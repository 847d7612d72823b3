"""A body of NDJSON: a JSON object on each line is an item."""

from server.domain.errors import BadInput
from server.domain.item_result import FileItem
from server.web import json_value
from server.web.rest.kind import RestKind
from server.web.rest.lines import Line, Lines

RESULT = "result"  # what a download adds to an item


class NdjsonRows:
    """Read items, and skip blank lines and the `result` of an item that was downloaded."""

    def __init__(self, kind: RestKind) -> None:
        self._kind = kind
        self._lines = Lines()

    def feed(self, piece: bytes) -> list[FileItem]:
        return self._items(self._lines.feed(piece))

    def end(self) -> list[FileItem]:
        return self._items(self._lines.end())

    def _items(self, lines: list[Line]) -> list[FileItem]:
        return [self._item(line) for line in lines if line.content.strip()]

    def _item(self, line: Line) -> FileItem:
        text = line.text()
        try:
            item = json_value.parse(text)
        except BadInput as error:
            raise BadInput(f"Line {line.number} {error}.") from error
        if not isinstance(item, dict):
            raise BadInput(f"Line {line.number} is not a JSON object.")
        item.pop(RESULT, None)
        faults = self._kind.faults(item)
        if faults:
            raise BadInput(f"Line {line.number} {'; and it '.join(faults)}.")
        return FileItem(line.number, item)
