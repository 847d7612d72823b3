"""Build and read the outcomes of items."""

from collections.abc import Sequence

from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed, Outcome
from server.kinds.update_stock.rules import Applied


def applied(index: int) -> Applied:
    """Return the outcome of a stock update that took effect."""
    return Applied(index=index, product_id=f"P{index}", key=f"p{index}", quantity=1, new_stock=2)


def code(outcome: Outcome) -> ItemErrorCode | None:
    """Return the code with which an item failed; None for one that did not."""
    return outcome.error.code if isinstance(outcome, Failed) else None


def codes(outcomes: Sequence[Outcome]) -> list[ItemErrorCode | None]:
    """Return the `code` of each outcome."""
    return [code(one) for one in outcomes]


def new_stock(outcome: Outcome) -> int | None:
    """Return the stock after an update; None if the update failed."""
    return outcome.new_stock if isinstance(outcome, Applied) else None
