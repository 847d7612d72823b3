"""Numbers that a spreadsheet has written for people, with separators: they are never guessed."""

import re
from decimal import Decimal, InvalidOperation

from server.domain.errors import quoted

_TWO_READINGS = re.compile(r"([+-]?)([1-9][0-9]{0,2})[.,]([0-9]{3})", re.ASCII)
_GROUP = "[.,' \u00a0\u202f’]"
_GROUPED = re.compile(rf"([+-]?[0-9]{{1,3}}(?:{_GROUP}[0-9]{{3}})+)(?:[.,]([0-9]+))?", re.ASCII)
_DECIMAL = re.compile(r"([+-]?[0-9]+)[.,]([0-9]+)", re.ASCII)
_CURRENCY = "€$£ \u00a0"
_LONGEST = 40  # characters: a longer text is no number that anybody has meant
_PLACES = 2  # decimal places of an amount of money


def has_two_readings(text: str) -> bool:
    """Return whether a text is one number to some people and another to others: 1.000 or 1,000."""
    return _TWO_READINGS.fullmatch(text) is not None


def separator_fault(text: str) -> str | None:
    """Return what is wrong with a number that has separators; None if the text is no such number.

    The fault follows the name of a field: “1.000 can be read as 1 or as 1000”.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    if two := _TWO_READINGS.fullmatch(text):
        sign, whole, rest = two.groups()
        fraction = f"{whole}.{rest}".rstrip("0").rstrip(".")
        return (
            f"{quoted(text)} can be read as {sign}{fraction} or as {sign}{whole}{rest}: write it "
            "without a separator"
        )
    if _DECIMAL.fullmatch(text) and "," in text:
        return f"{quoted(text)} has a decimal comma: write {text.replace(',', '.')}"
    if grouped := _GROUPED.fullmatch(text):
        fraction = (grouped[2] or "").rstrip("0")
        digits = re.sub(_GROUP, "", grouped[1]) + (f".{fraction}" if fraction else "")
        return f"{quoted(text)} has separators: write {digits}"
    return None


def cents_of(value: object) -> int | None:
    """Return the cents that an amount in whole units and hundredths is; None if it is none."""
    if isinstance(value, float):
        text = repr(value)
    elif isinstance(value, str):
        text = value.strip(_CURRENCY)
    else:
        return None
    decimal = _DECIMAL.fullmatch(text) if len(text) <= _LONGEST else None
    if decimal is None or len(decimal[2]) > _PLACES:
        return None
    try:
        return int(Decimal(f"{decimal[1]}.{decimal[2]}") * 100)
    except InvalidOperation:
        return None
