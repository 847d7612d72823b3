"""What a successful item of a stored batch is told in a sentence."""

from collections.abc import Mapping

from server.domain.create import Created
from server.domain.delete import Deleted
from server.domain.discontinue import Discontinued, Unchanged
from server.domain.item_result import ItemResult
from server.domain.price import Priced
from server.domain.stock import Applied
from server.domain.update import Updated

_MESSAGES: Mapping[type, str] = {
    Discontinued: "Discontinued",
    Unchanged: "Was discontinued already",
    Created: "Created",
    Updated: "Updated",
    Deleted: "Deleted",
}


def item_message(result: ItemResult) -> str | None:
    """None for an item that failed: it has an error."""
    match result.outcome:
        case Applied(new_stock=stock):
            return f"Stock is now {stock}"
        case Priced(price=price):
            return _priced(price, result)
        case outcome:
            return _MESSAGES.get(type(outcome))


def _priced(price: int, result: ItemResult) -> str:
    """Seed 3: a price that could not be published has been updated all the same."""
    if result.publication and result.publication.error is not None:
        return "Price updated (not published)"
    is_pending = result.is_published and not result.publication
    return f"Price updated to {price}" + (" (publication pending)" if is_pending else "")
