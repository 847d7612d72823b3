"""Values of JSON in the words of JSON, for messages: true and null, not True and None."""

import json
import math
from typing import Any, Final

_LONGEST: Final = 240  # characters of a text
_MOST: Final = 10  # entries of a list or an object
_DEEPEST: Final = 2  # lists and objects within each other
_MOST_BITS: Final = 200  # of a whole number


def number_word(number: float) -> str:
    """Return a number as JSON has it; NaN and Infinity as JavaScript has them."""
    if isinstance(number, bool):
        return "true" if number else "false"
    if isinstance(number, float) and not math.isfinite(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    return repr(number)


def json_word(value: Any, depth: int = 0) -> str:
    """Return a value of JSON as JSON; what is long, or nested in others, is left out."""
    match value:
        case None:
            return "null"
        case bool() | float():
            return number_word(value)
        case int():
            return repr(value) if value.bit_length() <= _MOST_BITS else "…"
        case str():
            text = json.dumps(value[:_LONGEST], ensure_ascii=False)
            return text if len(value) <= _LONGEST else f'{text[:-1]}…"'
        case list() | dict():
            begin, end = "[]" if isinstance(value, list) else "{}"
            return f"{begin}{_entries(value, depth)}{end}"
        case _:
            return str(value)


def _entries(value: list[Any] | dict[str, Any], depth: int) -> str:
    if depth == _DEEPEST:
        return "…" if value else ""
    some = list(value)[:_MOST] if isinstance(value, dict) else value[:_MOST]
    shown = [
        f"{json_word(one)}: {json_word(value[one], depth + 1)}"
        if isinstance(value, dict)
        else json_word(one, depth + 1)
        for one in some
    ]
    return ", ".join(shown + ["…"] * (len(value) > _MOST))
