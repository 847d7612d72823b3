"""The enumerations that GraphQL shows: the domain's, and a batch's status and type for callers."""

from enum import Enum
from typing import cast

import strawberry
from strawberry.types.enum import has_enum_definition

from server.batches.stored.metrics import HIGH_FAILURE_RATE, SLOW_SECONDS, BatchAlertKind
from server.domain.batch_state import BatchState
from server.domain.caller import Role
from server.domain.item_error import ItemErrorCode
from server.domain.listing import ProductOrder
from server.domain.outcome import BatchOutcome
from server.domain.stock_update import StockUpdateReason, StockUpdateStatus
from server.domain.whole_number import MAX_INT
from server.kinds.registry import KINDS


class BatchOperationStatus(Enum):
    """The states of a stored batch that callers see. Each value is the state itself."""

    PENDING = BatchState.PENDING
    PROCESSING = BatchState.PROCESSING
    COMPLETED = BatchState.COMPLETED
    FAILED = BatchState.FAILED
    CANCELLED = BatchState.CANCELLED


# The contract's word for a kind is "operation type". Each value is the name of its kind. The class is
# made at run time, so annotations say `Enum`, and `graphql_type` names it.
BatchOperationType = cast(  # mypy takes the call for a member's look-up
    "type[Enum]",
    Enum("BatchOperationType", {kind.constant: kind.name for kind in KINDS.values()}),
)


def _publish(enum: type[Enum], description: str, members: dict[str, str]) -> None:
    """Make a GraphQL enumeration of the class, with a description for each member.

    Raises:
        LookupError: a member has no description, or a description has no member.
    """
    strawberry.enum(enum, description=description)
    if not has_enum_definition(enum):
        raise AssertionError("strawberry.enum defines the enumeration")
    for value in enum.__strawberry_definition__.values:
        value.description = members.pop(value.name)
    if members:
        raise LookupError(f"{enum.__name__} has no member {', '.join(members)}")


_publish(
    Role,
    "What a caller may do; each role includes those before it.",
    {
        "VIEWER": "Reads products and the ledger.",
        "OPERATOR": "Also sends mutations and submits batches, and sees, cancels and retries its own.",
        "ADMIN": "Also sees, cancels and retries the batches of everybody, and sees the state of the system.",
    },
)
_publish(
    ItemErrorCode,
    "A reason why an item of a batch failed.",
    {
        "INVALID_PRODUCT_ID": "The product id is not 24 hexadecimal characters.",
        "PRODUCT_NOT_FOUND": "No product has this id.",
        "PRODUCT_DISCONTINUED": "The product is discontinued and accepts no updates.",
        "INVALID_QUANTITY": f"The quantity is not a finite whole number in the range ±{MAX_INT}.",
        "INSUFFICIENT_STOCK": "The stock would become negative. `currentStock` is the stock of the product.",
        "STOCK_LIMIT_EXCEEDED": f"The stock would exceed {MAX_INT} pieces.",
        "STALE_STOCK": "The stock is not `expectedStock`. `currentStock` is the stock of the product.",
        "INVALID_FIELD": "A field has an invalid value. `path` names the field and `message` states the rule.",
        "DUPLICATE_KEY": "A product with this id, or with the same unique value, exists already.",
        "HAS_STOCK_UPDATES": "The product has ledger rows (`stockUpdates`), stored or waiting in a background batch, and "
        "`cascadeDelete` is not true, or more than "
        "100 000 of them would be deleted in one transaction.",
        "ROLLED_BACK": "The item is not at fault: it was undone together with its atomic batch.",
        "NOT_ATTEMPTED": "The item was not tried, because the batch ended at another item that failed.",
        "CANCELLED": "The batch was cancelled before this item was begun.",
        "WRITE_CONFLICT": "Other writers kept changing the same products until the time was up. "
        "Nothing was changed.",
        "UNAVAILABLE": "The database could not be reached in time. If `retryable` is false, it is not known whether the "
        "item took effect.",
        "INTERNAL": "An error inside the server. Nothing was changed; `message` has an error id, under which the server's log "
        "has the cause.",
    },
)
_publish(
    BatchOutcome,
    "How much of a batch succeeded.",
    {
        "ALL": "Every item succeeded, or the batch had no items.",
        "PARTIAL": "Some items succeeded and some failed.",
        "NONE": "No item succeeded.",
    },
)
_publish(
    BatchOperationType,
    "The kind of a batch: what it does.",
    {kind.constant: kind.description for kind in KINDS.values()},
)
_publish(
    BatchOperationStatus,
    "The state of a stored batch.",
    {
        "PENDING": "No chunk of the batch has begun yet.",
        "PROCESSING": "At least one chunk of the batch has begun.",
        "COMPLETED": "Every item has been processed. `failureCount` is the number of items that failed.",
        "FAILED": "The server gave up the batch; `error` says why. Items that were applied stay applied and are counted.",
        "CANCELLED": "The batch was cancelled. Items that were applied stay applied and are counted.",
    },
)
_publish(
    BatchAlertKind,
    "The kind of an alert about a stored batch.",
    {
        "SLOW": f"The batch has taken over {SLOW_SECONDS} s since its submission, including the time that it waited.",
        "HIGH_FAILURE_RATE": f"Over {HIGH_FAILURE_RATE:.0%} of all items of the batch failed. A cancelled batch never has "
        "this alert.",
    },
)
_publish(
    StockUpdateStatus,
    "The state of a stock update.",
    {
        "PENDING": "The update waits in a background batch.",
        "APPLIED": "The update changed the stock, in the same transaction that wrote this row.",
        "FAILED": "The update changed nothing; `error` and `code` say why.",
    },
)
_publish(
    StockUpdateReason,
    "The cause of a stock update.",
    {
        "ADJUSTMENT": "A stock update, by `batchUpdateStock` or in the background.",
        "DISCONTINUED": "The product was discontinued, which set its stock to 0.",
    },
)
_SORTED = (
    "Each page takes time in proportion to the products that `category`, `namePrefix`, `ids` and `discontinued: true` "
    "match, 0.1 to 0.3 s for 100 000: set one of these filters, or request few large pages."
)
_publish(
    ProductOrder,
    "The order of a list of products. Products that are equal in it are ordered by id. CREATED and NAME use an index; STOCK "
    "has none and is slower if there are many products.",
    {
        "CREATED_ASC": "Oldest first.",
        "CREATED_DESC": "Newest first.",
        "NAME_ASC": "By name, in the order of Unicode code points.",
        "NAME_DESC": "By name, in the reverse order of Unicode code points.",
        "STOCK_ASC": f"Least stock first. {_SORTED}",
        "STOCK_DESC": f"Most stock first. {_SORTED}",
    },
)

__all__ = [
    "BatchAlertKind",
    "BatchOperationStatus",
    "BatchOperationType",
    "BatchOutcome",
    "ItemErrorCode",
    "ProductOrder",
    "Role",
    "StockUpdateReason",
    "StockUpdateStatus",
]
