"""Values of JSON in the words of JSON, for messages: true and null, not True and None."""

import json
import math
from typing import Any


def number_word(number: float) -> str:
    """Return a number as JSON has it; NaN and Infinity as JavaScript has them."""
    if isinstance(number, bool):
        return "true" if number else "false"
    if isinstance(number, float) and not math.isfinite(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    return repr(number)


def text_of(value: Any) -> str:
    """Return a text as it is, nothing for null, and any other value of JSON as its JSON."""
    if isinstance(value, str):
        return value
    try:
        return "" if value is None else json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "…"
