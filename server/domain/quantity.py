"""The quantity of a stock update: a whole number, positive or negative."""

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.whole_number import MAX_INT, not_whole, whole_number


def check_quantity(value: object, path: tuple[str, ...]) -> int | ItemError:
    """The quantity as an int, or why it is none (seed 1: “must be whole numbers”)."""
    quantity = whole_number(value, least=-MAX_INT, most=MAX_INT)
    if quantity is not None:
        return quantity
    return ItemError(
        code=ItemErrorCode.INVALID_QUANTITY,
        message=f"The quantity {not_whole(value, least=-MAX_INT, most=MAX_INT)}.",
        path=path,
    )
