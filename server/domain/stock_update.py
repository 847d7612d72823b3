"""A row of the ledger `stockUpdates`: what was asked of a product's stock, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from server.domain.item_error import ItemErrorCode


class StockUpdateStatus(Enum):
    PENDING = "pending"
    APPLIED = "applied"
    FAILED = "failed"


class StockUpdateReason(Enum):
    ADJUSTMENT = "adjustment"
    DISCONTINUED = "discontinued"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A row about to be written. `quantity` is 0 where what was sent is no quantity.

    `index` is the item's in its batch, if that is stored.
    """

    product_id: str
    quantity: int
    status: StockUpdateStatus
    reason: StockUpdateReason
    new_stock: int | None = None
    code: ItemErrorCode | None = None
    error: str | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockUpdate:
    """A row as it was read back."""

    id: str
    product_id: str
    quantity: int
    timestamp: datetime
    status: StockUpdateStatus
    reason: StockUpdateReason
    new_stock: int | None
    code: ItemErrorCode | None
    error: str | None
    batch_id: str | None
