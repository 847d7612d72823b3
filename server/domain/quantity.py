"""The quantity of a stock update: a whole number, positive or negative."""

import math

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.whole_number import MAX_INT, whole_number


def check_quantity(value: float, path: tuple[str, ...]) -> int | ItemError:
    """The quantity as an int, or why it is none (seed 1: “must be whole numbers”)."""
    quantity = whole_number(value, least=-MAX_INT, most=MAX_INT)
    if quantity is not None:
        return quantity
    return ItemError(
        code=ItemErrorCode.INVALID_QUANTITY,
        message=f"The quantity {_shown(value)} {_fault(value)}.",
        path=path,
    )


def _fault(value: float) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "is not a finite number"
    if isinstance(value, float) and not value.is_integer():
        return "is not a whole number"
    return f"is out of range: it may be from {-MAX_INT} to {MAX_INT}"


def _shown(value: float) -> str:
    """As it was sent, but short however many digits it has."""
    return repr(value) if isinstance(value, float) or abs(value) < 10**18 else "that was sent"
