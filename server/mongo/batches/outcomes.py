"""What did not succeed, as it stands in `batchChunks.outcomes`."""

from collections.abc import Callable, Mapping
from typing import Any

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Outcome
from server.mongo.batches.stored_values import from_stored, to_stored
from server.mongo.connection.driver import Document
from server.mongo.products.documents import present

FAILED = "failed"  # the `kind` of an outcome that is no success

ToOutcome = Callable[[Mapping[str, Any]], Outcome]  # the kinds of batch know how


def from_item_error(error: ItemError) -> Document:
    return {
        "code": error.code.value,
        "message": to_stored(error.message),
        "path": [to_stored(one) for one in error.path],
        "retryable": error.retryable,
        **present(currentStock=error.current_stock),
    }


def to_item_error(document: Mapping[str, Any]) -> ItemError:
    return ItemError(
        code=ItemErrorCode(document["code"]),
        message=from_stored(document["message"]),
        path=tuple(from_stored(one) for one in document["path"]),
        retryable=document["retryable"],
        current_stock=document.get("currentStock"),
    )
