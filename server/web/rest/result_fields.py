"""The result of an item, with the names that REST gives its fields."""

import math
from datetime import UTC, datetime
from typing import Any

from server.domain.item_result import ItemResult
from server.domain.json_words import number_word
from server.domain.outcome import Failed
from server.kinds import shown


def polled(result: ItemResult) -> dict[str, Any]:
    """Return a result as in seed 3: an unpublished success has an `error` and no `txId`."""
    publication = result.publication
    fields = {
        "index": result.index,
        "row": result.row,
        "productId": (shown.product_id(result) or None),
        "success": result.success,
        "message": shown.message(result),
        "error": error(result) or (publication and publication.error),
        "code": code(result),
        "oldStock": shown.old_stock(result),
        "newStock": shown.new_stock(result),
    }
    return _present(fields) | {"txId": publication and publication.tx_id}


def downloaded(result: ItemResult) -> dict[str, Any]:
    """Return what a download adds to the item, without empty fields."""
    publication = result.publication
    return _present(
        {
            "index": result.index,
            "row": result.row,
            "success": result.success,
            "code": code(result),
            "error": error(result),
            "message": shown.message(result),
            "oldStock": shown.old_stock(result),
            "newStock": shown.new_stock(result),
            "txId": publication and publication.tx_id,
            "publicationError": publication and publication.error,
            "productId": (shown.product_id(result) or None),
        }
    )


def code(result: ItemResult) -> str | None:
    """Return the code of the first thing that is wrong; None if the item succeeded."""
    outcome = result.outcome
    return outcome.error.code.value if isinstance(outcome, Failed) else None


def error(result: ItemResult) -> str | None:
    """Return all that is wrong, in one sentence or more; None if the item succeeded."""
    outcome = result.outcome
    if not isinstance(outcome, Failed):
        return None
    return " ".join(error_.message for error_ in outcome.errors)


def plain(value: Any) -> Any:
    """Return `value`, or its name where JSON has no such number: Infinity and NaN."""
    if isinstance(value, float) and not math.isfinite(value):
        return number_word(value)
    return value


def iso(moment: datetime | None) -> str | None:
    """Return `moment` in ISO 8601, in UTC and with milliseconds."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
