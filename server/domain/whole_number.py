"""Whole numbers that GraphQL's `Int` can hold."""

import math

MAX_INT = 2_147_483_647  # GraphQL's Int is 32 bits; stock and price end here too


def whole_number(value: float, *, least: int, most: int) -> int | None:
    """`value` as an int if it is finite, whole and in `least`..`most`; otherwise None.

    -0.0 is 0. An int may be of any size, so that 10⁴⁰⁰ is out of range and not an overflow.
    """
    if isinstance(value, float) and not (math.isfinite(value) and value.is_integer()):
        return None
    return int(value) if least <= value <= most else None
