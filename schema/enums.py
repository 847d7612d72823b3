"""The domain's enumerations as GraphQL shows them, and those that GraphQL alone has."""

from enum import Enum
from typing import TypeVar

import strawberry

from server.batches.stored.metrics import HIGH_FAILURE_RATE, SLOW_SECONDS, BatchAlertKind
from server.domain.batch_state import VISIBLE
from server.domain.item_error import ItemErrorCode
from server.domain.listing import ProductOrder
from server.domain.outcome import BatchOutcome
from server.domain.stock_update import StockUpdateReason, StockUpdateStatus
from server.domain.whole_number import MAX_INT
from server.kinds.registry import KINDS

EnumT = TypeVar("EnumT", bound=type[Enum])

# What the contract calls a batch's operation type is the name of its kind here.
BatchOperationType = Enum(  # type: ignore[misc] # its members are those of the registry
    "BatchOperationType", {kind.constant: kind.name for kind in KINDS.values()}
)
BatchOperationStatus = Enum(  # type: ignore[misc] # its members are the states that callers see
    "BatchOperationStatus", {state.name: state.value for state in VISIBLE}
)


def _publish(enum: EnumT, description: str, members: dict[str, str]) -> EnumT:
    """Give the enumeration and each of its members a description; a missing one is an error."""
    strawberry.enum(enum, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = members.pop(value.name)
    if members:
        raise LookupError(f"{enum.__name__} has no member {', '.join(members)}")
    return enum


_publish(
    ItemErrorCode,
    "Why one item of a batch failed.",
    {
        "INVALID_PRODUCT_ID": "The id is not 24 hexadecimal characters.",
        "PRODUCT_NOT_FOUND": "There is no product with this id.",
        "PRODUCT_DISCONTINUED": "A discontinued product takes no updates.",
        "INVALID_QUANTITY": f"The quantity is not a finite whole number in the range ±{MAX_INT}.",
        "INSUFFICIENT_STOCK": "The stock would become negative; `currentStock` is what there is.",
        "STOCK_LIMIT_EXCEEDED": f"The stock would exceed {MAX_INT} pieces.",
        "STALE_STOCK": "The stock is not the `expectedStock`; `currentStock` is what there is.",
        "INVALID_FIELD": "A field breaks its rule; `path` names it and `message` says the rule.",
        "DUPLICATE_KEY": "There is a product with this id, or the same unique value, already.",
        "HAS_STOCK_UPDATES": "The product has `stockUpdates`, and `cascadeDelete` is not true; or over 100 000 of "
        "them would go in one transaction.",
        "ROLLED_BACK": "Nothing is wrong with the item: it was undone with its atomic batch.",
        "NOT_ATTEMPTED": "The item was not tried: the batch ended at another one that failed.",
        "CANCELLED": "The batch was cancelled before this item was begun.",
        "WRITE_CONFLICT": "Other writers kept changing the same products until the time was up. "
        "Nothing was changed.",
        "UNAVAILABLE": "The database could not be reached in time. If `retryable` is false, whether "
        "the item took effect is not known.",
        "INTERNAL": "A fault of the server. Nothing was changed; the message has the id that the "
        "log has.",
    },
)
_publish(
    BatchOutcome,
    "How much of a batch succeeded.",
    {
        "ALL": "Every item succeeded, or there were none.",
        "PARTIAL": "Some items succeeded and some failed.",
        "NONE": "No item succeeded.",
    },
)
_publish(
    BatchOperationType,
    "What a background batch does.",
    {kind.constant: kind.description for kind in KINDS.values()},
)
_publish(
    BatchOperationStatus,
    "Where a background batch stands.",
    {
        "PENDING": "It waits for its first chunk to be begun.",
        "PROCESSING": "Chunks of it have been begun.",
        "COMPLETED": "Every item has been processed; `failureCount` says how many failed.",
        "FAILED": "It had to be given up; `error` says why. What was applied stays, and is counted.",
        "CANCELLED": "It was cancelled. What was applied stays, and is counted.",
    },
)
_publish(
    BatchAlertKind,
    "What somebody should look into.",
    {
        "SLOW": f"The batch has taken over {SLOW_SECONDS} s since its submission, its waiting included.",
        "HIGH_FAILURE_RATE": f"Over {HIGH_FAILURE_RATE:.0%} of its items failed. A cancelled batch never gets it.",
    },
)
_publish(
    StockUpdateStatus,
    "What came of a stock update.",
    {
        "PENDING": "It waits in a background batch.",
        "APPLIED": "It changed the stock, in the same transaction that wrote this.",
        "FAILED": "It changed nothing; `error` and `code` say why.",
    },
)
_publish(
    StockUpdateReason,
    "What a stock update came from.",
    {
        "ADJUSTMENT": "A stock update, at once or in the background.",
        "DISCONTINUED": "The product was discontinued, which took its stock to 0.",
    },
)
_SORTED = (
    "Each page takes time in proportion to the products that `category`, `namePrefix`, `ids` and `discontinued: true` "
    "leave, 0.1 to 0.3 s for 100 000: give one of them, or ask for few large pages."
)
_publish(
    ProductOrder,
    "The order of a list of products; equal ones are ordered by their id. CREATED and NAME follow an index; STOCK has none and "
    "is slower if there are many products.",
    {
        "CREATED_ASC": "Oldest first.",
        "CREATED_DESC": "Newest first.",
        "NAME_ASC": "By name, in the order of Unicode code points.",
        "NAME_DESC": "By name, backwards.",
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
    "StockUpdateReason",
    "StockUpdateStatus",
]
