"""Numbers from text, which stay on their side of a whole number."""

import math
import re
from decimal import Decimal, InvalidOperation
from typing import Final

_SHORT: Final = 15  # characters: a float holds 15 digits exactly
_ALL_WHOLE: Final = 2**53  # above it every float is whole, and out of every range
_LONGEST: Final = 1_000  # characters that are compared exactly; of more, whether all are zeros
_NOT_ZERO = re.compile(r"-?[0.]*[1-9]")


def number_from(text: str) -> float:
    """Return the float nearest to `text`, which is a number in the syntax of JSON.

    A number that is not whole does not become one: 4.99999999999999999999 is the float below 5, and
    1e-400 the one above 0. One that is too large is infinite.
    """
    nearest = float(text)
    if not nearest.is_integer() or (nearest and len(text) <= _SHORT) or abs(nearest) > _ALL_WHOLE:
        return nearest
    return _on_its_side(text, nearest)


def _on_its_side(text: str, nearest: float) -> float:
    has_exponent = "e" in text.lower()
    try:
        exact = Decimal(text if has_exponent else text[:_LONGEST])
    except InvalidOperation:  # an exponent beyond all bounds
        if nearest or not _NOT_ZERO.match(text):
            return nearest
        return math.nextafter(0.0, -1.0 if text.startswith("-") else 1.0)
    if exact == nearest:
        if has_exponent or not text[_LONGEST:].strip("0."):
            return nearest
        return math.nextafter(nearest, -math.inf if text.startswith("-") else math.inf)
    return math.nextafter(nearest, math.inf if exact > nearest else -math.inf)
