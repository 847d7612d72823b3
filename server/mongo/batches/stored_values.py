"""The values of an item as it was sent, in a form that BSON can hold, and back again.

JSON can hold what BSON cannot: half a surrogate pair, and whole numbers of any size.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

from server.domain.item_result import Input
from server.mongo.connection.document import Document

_INT64 = 2**63 - 1
_MOST_BRACKETS = 100  # of a list or object that is read back
CHUNK_BYTES = 4 * 1024**2  # of items; with their outcomes it must fit into a document of 16 MiB
_FIELD_BYTES = 32  # more than the name of a field and what BSON puts around its value


def to_stored(value: Any) -> Any:
    """Return a value that BSON can hold, and that breaks the same rules of a field as `value`.

    A text that is not valid Unicode becomes bytes, and a number beyond 64 bits the nearest one that
    BSON has. A list or an object, which no field may hold, becomes a list of its JSON text: as a
    text alone, it could pass for a name.
    """
    match value:
        case str():
            return value if _is_unicode(value) else value.encode("utf-8", "surrogatepass")
        case bool() | float() | None:
            return value
        case int():
            return max(-_INT64, min(value, _INT64))
        case _:
            return [json.dumps(value)]


def from_stored(value: Any) -> Any:
    """Return the value that `to_stored` was given.

    Exceptions are a number beyond 64 bits, and a list or an object with many others in it: that
    stays a list of its JSON text, because reading deep nesting can exceed Python's recursion limit.
    """
    match value:
        case bytes():
            return value.decode("utf-8", "surrogatepass")
        case [str(text)] if text.count("[") + text.count("{") <= _MOST_BRACKETS:
            return json.loads(text)
        case _:
            return value


def to_stored_input(sent: Input, objects: Collection[str]) -> Document:
    """Return an item as it is stored; the fields in `objects` hold objects of plain fields."""
    return {
        name: value
        if type(value) is float or (type(value) is str and value.isascii())  # most are
        else {inner: to_stored(inner_value) for inner, inner_value in value.items()}
        if name in objects and isinstance(value, dict)
        else to_stored(value)
        for name, value in sent.items()
    }


def from_stored_input(stored: Document) -> dict[str, Any]:
    """Return the item as it was sent."""
    return {
        name: {inner: from_stored(inner_value) for inner, inner_value in value.items()}
        if isinstance(value, dict)
        else from_stored(value)
        for name, value in stored.items()
    }


def size_of(sent: Mapping[str, Any]) -> int:
    """Return about how many bytes an item takes in a document."""
    total = 0
    for value in sent.values():
        total += _FIELD_BYTES
        if isinstance(value, dict):
            total += size_of(value)
        elif isinstance(value, str):
            total += len(value) if value.isascii() else 4 * len(value)
        elif isinstance(value, list):
            total += len(json.dumps(value))
    return total


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
