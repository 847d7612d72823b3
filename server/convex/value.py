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

from server.domain.errors import BadInput
from server.domain.text import shown


def decoded(value: Any, place: str) -> Any:
    """
    Raises:
        BadInput: it is none of Convex's values; the message names the place, from `place` on.
    """
    if isinstance(value, list):
        return [decoded(one, f"{place}[{index}]") for index, one in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, content),) = value.items()
        if name == "$integer":
            return int.from_bytes(_eight_bytes(content, place, name), "little", signed=True)
        if name == "$float":
            return struct.unpack("<d", _eight_bytes(content, place, name))[0]
        if name == "$bytes":
            raise BadInput(f"{place} is bytes, which no argument is.")
    return {_field(name, place): decoded(one, f"{place}.{name}") for name, one in value.items()}


def encoded(value: Any) -> Any:
    """The form of what GraphQL answers. A field that is null is left out, as Convex does it."""
    if isinstance(value, dict):
        return {name: encoded(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [encoded(one) for one in value]
    if isinstance(value, float) and _is_special(value):
        return {"$float": b64encode(struct.pack("<d", value)).decode()}
    return value


def _is_special(number: float) -> bool:
    return not math.isfinite(number) or (number == 0 and math.copysign(1, number) < 0)


def _field(name: str, place: str) -> str:
    if name.startswith("$"):
        raise BadInput(
            f"{place} has the field {shown(name)}: names that begin with $ are Convex's."
        )
    if not (name.isascii() and name.isprintable()):
        raise BadInput(f"{place} has the field {shown(name)}: a name is of printable ASCII.")
    return name


def _eight_bytes(content: Any, place: str, name: str) -> bytes:
    try:
        decoded_bytes = b64decode(content, validate=True)
    except (NotBase64, TypeError, ValueError):
        decoded_bytes = b""
    if len(decoded_bytes) != 8:
        raise BadInput(f"{place} has a {name} that is not 8 bytes in base64.")
    return decoded_bytes
