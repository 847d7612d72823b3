"""What a caller sent, in a form that BSON can hold, and back again: nothing is lost on the way.

JSON can hold what BSON cannot: half a surrogate pair, and whole numbers of any size.
"""

import json
from collections.abc import Mapping
from typing import Any

from server.domain.item_result import Input

_INT64 = 2**63 - 1
_FIELD_BYTES = 32  # a name and what BSON puts around a value


def to_stored(value: Any) -> Any:
    """A text that is no Unicode becomes bytes; a number out of every range the end of BSON's."""
    match value:
        case str():
            return value if _is_unicode(value) else value.encode("utf-8", "surrogatepass")
        case bool() | float() | None:
            return value
        case int():
            return max(-_INT64, min(value, _INT64))
        case _:  # no field of ours is a list, and only one an object: it is wrong, and told so
            return to_stored(json.dumps(value))


def from_stored(value: Any) -> Any:
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def to_stored_input(sent: Input) -> dict[str, Any]:
    """An item as it was sent; `data` is an object of plain fields."""
    return {
        name: {inner: to_stored(one) for inner, one in value.items()}
        if name == "data" and isinstance(value, dict)
        else to_stored(value)
        for name, value in sent.items()
    }


def from_stored_input(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {inner: from_stored(one) for inner, one in value.items()}
        if isinstance(value, dict)
        else from_stored(value)
        for name, value in stored.items()
    }


def size_of(sent: Mapping[str, Any]) -> int:
    """About how many bytes an item takes in a document."""
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
