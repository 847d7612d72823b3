"""Convex's values and their form in JSON.

Beyond JSON there are 64-bit integers, `{"$integer": …}`, and the numbers that JSON cannot write,
`{"$float": …}`, both as base64 of 8 bytes, little-endian. Source: `values/value.ts` of the npm
package `convex`.
"""

import math
import struct
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from typing import Any

from server.domain.errors import BadInput, cut, quoted


class _NotConvex(Exception):
    """A value that Convex does not have. `steps` lead to its place, the last step first.

    They are collected on the way out, because writing down every place costs seconds.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.steps: list[str] = []


def decoded(value: Any, place: str) -> Any:
    """Return the value of what came in JSON.

    Raises:
        BadInput: it is none of Convex's values; the message names the place, from `place` on.
    """
    try:
        return _decoded(value)
    except _NotConvex as error:
        raise BadInput(f"{place}{''.join(reversed(error.steps))} {error}") from error


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return _list(value)
    return _object(value) if isinstance(value, dict) else value


def _list(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    try:
        for value in values:
            found.append(_decoded(value) if isinstance(value, list | dict) else value)  # noqa: PERF401 - counted
    except _NotConvex as error:
        error.steps.append(f"[{len(found)}]")
        raise
    return found


def _object(fields: dict[str, Any]) -> Any:
    if len(fields) == 1:
        ((name, content),) = fields.items()
        if name == "$integer":
            return int.from_bytes(_eight_bytes(content, name), "little", signed=True)
        if name == "$float":
            return struct.unpack("<d", _eight_bytes(content, name))[0]
        if name == "$bytes":
            raise _NotConvex("is bytes, which no argument is.")
    found = {}
    for name, value in fields.items():
        _check(name)
        try:
            found[name] = _decoded(value) if isinstance(value, list | dict) else value
        except _NotConvex as error:
            error.steps.append(f".{cut(name)}")
            raise
    return found


def encoded(value: Any) -> Any:
    """Return the form of a value that GraphQL answered. Fields that are null are left out."""
    if isinstance(value, dict):
        return {name: encoded(field) for name, field in value.items() if field is not None}
    if isinstance(value, list):
        return [encoded(item) for item in value]
    if isinstance(value, float) and _is_special(value):
        return {"$float": b64encode(struct.pack("<d", value)).decode()}
    return value


def _is_special(number: float) -> bool:
    return not math.isfinite(number) or (number == 0 and math.copysign(1, number) < 0)


def _check(name: str) -> None:
    if name.startswith("$"):
        raise _NotConvex(f"has the field {quoted(name)}: names that begin with $ are Convex's.")
    if not (name.isascii() and name.isprintable()):
        raise _NotConvex(f"has the field {quoted(name)}: a name is of printable ASCII.")


def _eight_bytes(content: Any, name: str) -> bytes:
    try:
        found = b64decode(content, validate=True)
    except (NotBase64, TypeError, ValueError):
        found = b""
    if len(found) != 8:
        raise _NotConvex(f"has a {name} that is not 8 bytes in base64.")
    return found
