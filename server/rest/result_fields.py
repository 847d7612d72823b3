"""What became of an item, as the answers name it."""

import math
from datetime import UTC, datetime
from typing import Any

from server.domain.create import Created
from server.domain.discontinue import Discontinued
from server.domain.item_message import item_message
from server.domain.item_result import ItemResult
from server.domain.outcome import Failed
from server.domain.stock import Applied


def polled(result: ItemResult) -> dict[str, Any]:
    """As in seed 3: a success that could not be published has an `error`, and no `txId`."""
    publication = result.publication
    fields = {
        "index": result.index,
        "productId": product_id(result),
        "success": result.success,
        "message": item_message(result),
        "error": error(result) or (publication and publication.error),
        "code": code(result),
        "newStock": new_stock(result),
    }
    return _present(fields) | {"txId": publication and publication.tx_id}


def downloaded(result: ItemResult) -> dict[str, Any]:
    """What a download adds to the item; nothing that is empty."""
    publication = result.publication
    return _present(
        {
            "index": result.index,
            "success": result.success,
            "code": code(result),
            "error": error(result),
            "message": item_message(result),
            "newStock": new_stock(result),
            "txId": publication and publication.tx_id,
            "publicationError": publication and publication.error,
            "productId": product_id(result),
        }
    )


def product_id(result: ItemResult) -> str | None:
    """The id that the item gave, or that a created product has got."""
    outcome = result.outcome
    sent = outcome.product.id if isinstance(outcome, Created) else outcome.product_id
    return sent or None


def code(result: ItemResult) -> str | None:
    """Of the first thing that is wrong."""
    outcome = result.outcome
    return outcome.error.code.value if isinstance(outcome, Failed) else None


def error(result: ItemResult) -> str | None:
    """All that is wrong: mostly one sentence."""
    outcome = result.outcome
    if not isinstance(outcome, Failed):
        return None
    return " ".join(one.message for one in outcome.errors)


def new_stock(result: ItemResult) -> int | None:
    match result.outcome:
        case Applied(new_stock=stock):
            return stock
        case Discontinued():
            return 0
    return None


def plain(value: Any) -> Any:
    """JSON has no infinity and no NaN: those become texts. They were wrong anyway."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def iso(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
