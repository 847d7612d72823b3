"""Item errors for an error that ended a whole chunk."""

from collections.abc import Sequence

from server.domain.errors import (
    CommitUnknown,
    DatabaseUnavailable,
    DuplicateKey,
    Inseparable,
    TooManyRows,
    WriteConflict,
)
from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed, failed
from server.kinds.kind import Item
from server.mongo.products.ledger import MOST_ROWS


def fail_all(items: Sequence[Item], argument: str, cause: Exception, error_id: str) -> list[Failed]:
    """Return the failures of a chunk's items, all because of `cause`.

    Items with invalid fields get the errors of their fields instead. `argument` is the name of the
    request's list, and `error_id` names the log entry that holds the cause.
    """
    return [
        failed(
            item,
            *(item.errors or (_item_error(cause, (argument, str(item.index)), error_id),)),
        )
        for item in items
    ]


def _item_error(cause: Exception, path: tuple[str, ...], error_id: str) -> ItemError:
    """Return what the caller learns; only the log, under `error_id`, holds the cause itself."""
    code, message = _KNOWN_CAUSES.get(type(cause), _UNFORESEEN)
    return ItemError(
        code=code,
        message=message.format(error_id=error_id),
        path=path,
        retryable=isinstance(cause, WriteConflict | DatabaseUnavailable),
    )


_UNFORESEEN = (
    ItemErrorCode.INTERNAL,
    "This item could not be processed; it changed nothing. (Error {error_id})",
)
_KNOWN_CAUSES: dict[type[Exception], tuple[ItemErrorCode, str]] = {
    WriteConflict: (
        ItemErrorCode.WRITE_CONFLICT,
        (
            "Other writers kept changing this chunk's products until the time was up. "
            "Nothing was changed; send the item again."
        ),
    ),
    DatabaseUnavailable: (
        ItemErrorCode.UNAVAILABLE,
        (
            "The database could not be reached in time. Nothing was changed; send the "
            "item again later."
        ),
    ),
    CommitUnknown: (
        ItemErrorCode.UNAVAILABLE,
        (
            "The database went away during the commit, and whether this item took "
            "effect is not known. Look before you send it again. (Error {error_id})"
        ),
    ),
    DuplicateKey: (
        ItemErrorCode.DUPLICATE_KEY,
        "Another product has the same value in a field that must be unique. Nothing was changed.",
    ),
    TooManyRows: (
        ItemErrorCode.HAS_STOCK_UPDATES,
        (
            f"Over {MOST_ROWS} stock updates would be deleted in one transaction. Nothing was "
            "changed. Send fewer products at once. A product that alone has more is deleted if you "
            "give it an expireIn."
        ),
    ),
    Inseparable: (
        ItemErrorCode.INTERNAL,
        (
            "Some items of this batch cannot be written together, and the time was too short to "
            "find them. Nothing was changed; send smaller batches. (Error {error_id})"
        ),
    ),
}
