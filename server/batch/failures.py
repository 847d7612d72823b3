"""Item errors for what went wrong with a whole chunk."""

from collections.abc import Sequence

from server.batch.operation import Item
from server.domain.errors import CommitUnknown, DatabaseUnavailable, DuplicateKey, WriteConflict
from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed, failed


def fail_all(items: Sequence[Item], argument: str, cause: Exception, error_id: str) -> list[Failed]:
    """Every item of a chunk that `cause` ended.

    An item that its own fields condemn keeps its own errors.
    """
    return [
        failed(
            item,
            *(item.errors or (item_error(cause, (argument, str(item.index)), error_id),)),
        )
        for item in items
    ]


def item_error(cause: Exception, path: tuple[str, ...], error_id: str) -> ItemError:
    """What the caller is told; the cause itself is in the log, under `error_id`."""
    match cause:
        case WriteConflict():
            return ItemError(
                code=ItemErrorCode.WRITE_CONFLICT,
                message="Other writers kept changing this chunk's products until the time was up. "
                "Nothing was changed; send the item again.",
                path=path,
                retryable=True,
            )
        case DatabaseUnavailable():
            return ItemError(
                code=ItemErrorCode.UNAVAILABLE,
                message="The database could not be reached in time. Nothing was changed; send the "
                "item again later.",
                path=path,
                retryable=True,
            )
        case CommitUnknown():
            return ItemError(
                code=ItemErrorCode.UNAVAILABLE,
                message="The database went away during the commit, and whether this item took "
                f"effect is not known. Look before you send it again. (Error {error_id})",
                path=path,
            )
        case DuplicateKey():
            return ItemError(
                code=ItemErrorCode.DUPLICATE_KEY,
                message="Another product has the same value in a field that must be unique. "
                "Nothing was changed.",
                path=path,
            )
    return ItemError(
        code=ItemErrorCode.INTERNAL,
        message=f"This item could not be processed; it changed nothing. (Error {error_id})",
        path=path,
    )
