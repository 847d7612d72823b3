"""What callers and receivers see of the result of one item."""

from collections.abc import Mapping
from typing import Any

from server.domain.item_result import ItemResult
from server.domain.outcome import Outcome
from server.kinds.registry import form_of


def message(result: ItemResult) -> str | None:
    """Return a sentence on what was done; None for an item that failed, which has an error."""
    form = form_of(result.outcome)
    return form.message(result.outcome, result) if form else None


def new_stock(result: ItemResult) -> int | None:
    """Return the stock that the item left; None if it failed or leaves stocks alone."""
    form = form_of(result.outcome)
    return form.new_stock(result.outcome) if form and form.new_stock else None


def old_stock(result: ItemResult) -> int | None:
    """Return the stock before the item; None if it failed or leaves stocks alone."""
    form = form_of(result.outcome)
    return form.old_stock(result.outcome) if form and form.old_stock else None


def product_id(result: ItemResult) -> str | None:
    """Return the id that was sent, or that a created product was given; None if there is none."""
    form = form_of(result.outcome)
    return (
        form.product_id(result.outcome) if form and form.product_id else result.outcome.product_id
    )


def published(outcome: Outcome) -> Mapping[str, Any]:
    """Return what a receiver is sent of a success, as JSON.

    Raises:
        LookupError: its kind publishes nothing.
    """
    form = form_of(outcome)
    if form is None or form.published is None:
        raise LookupError(f"{type(outcome).__name__} is not published")
    return form.published(outcome)
