"""Whole numbers within the range of GraphQL's `Int`."""

import math

from server.domain.cell_number import cents_of, has_two_readings, separator_fault
from server.domain.errors import quoted
from server.domain.json_words import number_word

_LONG = 10**18
MAX_INT = 2_147_483_647  # GraphQL's Int is 32 bits; stock and price end here too


def whole_number(value: object, *, least: int, most: int) -> int | None:
    """Return `value` as an int if it is a whole number in `least`..`most`; otherwise None.

    -0.0 is 0, and 10⁴⁰⁰ is out of range. Over REST `value` may be anything that JSON has.
    """
    if type(value) is int:  # nearly always; the general case takes three times as long
        return value if least <= value <= most else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    if isinstance(value, float) and not (math.isfinite(value) and value.is_integer()):
        return None
    return int(value) if least <= value <= most else None


def not_whole(value: object, *, least: int, most: int) -> str:
    """Return what is wrong with the value, to follow its name: “1.5 is not a whole number”."""
    if value is None:
        return "is missing"
    separators = separator_fault(value) if isinstance(value, str) else None
    return separators or f"{_shown(value)} {_fault(value, least, most)}"


def not_in_cents(value: object) -> str:
    """Return what is wrong with a price, and how to write it if it is probably no amount of cents.

    The sentence follows the name of the price: “12.5 is not a whole number. It is in whole cents:
    did you mean 1250?”
    """
    meant = cents_of(value)
    is_ambiguous = isinstance(value, str) and has_two_readings(value.strip())
    if meant is None or is_ambiguous or not 0 <= meant <= MAX_INT:
        return f"{not_whole(value, least=0, most=MAX_INT)}. It is in whole cents."
    return f"{_shown(value)} is not a whole number. It is in whole cents: did you mean {meant}?"


def _fault(value: object, least: int, most: int) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return "is not a number"
    if isinstance(value, float) and not math.isfinite(value):
        return "is not a finite number"
    if isinstance(value, float) and not value.is_integer():
        return "is not a whole number"
    return f"is out of range: it may be from {least} to {most}"


def _shown(value: object) -> str:
    """Return the value for a message, in a few characters."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < _LONG):
        return number_word(value)
    return "that was sent"
