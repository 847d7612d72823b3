"""Rows of the ledger `stockUpdates`: the updates of products' stocks, and their outcomes."""

from datetime import datetime
from enum import Enum

from msgspec import Struct

from server.domain.item_error import ItemErrorCode


class StockUpdateStatus(Enum):
    PENDING = "pending"
    APPLIED = "applied"
    FAILED = "failed"


class StockUpdateReason(Enum):
    ADJUSTMENT = "adjustment"
    DISCONTINUED = "discontinued"


class LedgerEntry(Struct, frozen=True, kw_only=True, gc=False):
    """A row to be written. `quantity` is 0 if the one that was sent is invalid.

    `index` is the item's place in its batch; None unless the batch is stored. `created_by` is the
    caller that sent the item.
    """

    product_id: str
    quantity: int
    status: StockUpdateStatus
    reason: StockUpdateReason
    new_stock: int | None = None
    code: ItemErrorCode | None = None
    error: str | None = None
    index: int | None = None
    created_by: str | None = None


class StockUpdate(Struct, frozen=True, kw_only=True, gc=False):
    """A stored row. `created_by` is None if it is one that 0.1.0 wrote."""

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
    created_by: str | None
