"""What callers see of the result of one item, at every door."""

from server.domain.item_result import ItemResult
from server.kinds.registry import form_of


def message(result: ItemResult) -> str | None:
    """Return a sentence on what was done; None for an item that failed, which has an error."""
    form = form_of(result.outcome)
    return form.message(result.outcome, result) if form else None


def new_stock(result: ItemResult) -> int | None:
    """Return the stock that the item left; None if it failed or leaves stocks alone."""
    form = form_of(result.outcome)
    return form.new_stock(result.outcome) if form and form.new_stock else None


def product_id(result: ItemResult) -> str | None:
    """Return the id that was sent, or that a created product was given; None if there is none."""
    form = form_of(result.outcome)
    return (
        form.product_id(result.outcome) if form and form.product_id else result.outcome.product_id
    )
