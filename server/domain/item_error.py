"""What is wrong with one item of a batch, as data."""

from enum import Enum

from msgspec import Struct


class ItemErrorCode(Enum):
    INVALID_PRODUCT_ID = "INVALID_PRODUCT_ID"
    PRODUCT_NOT_FOUND = "PRODUCT_NOT_FOUND"
    PRODUCT_DISCONTINUED = "PRODUCT_DISCONTINUED"
    INVALID_QUANTITY = "INVALID_QUANTITY"
    INSUFFICIENT_STOCK = "INSUFFICIENT_STOCK"
    STOCK_LIMIT_EXCEEDED = "STOCK_LIMIT_EXCEEDED"
    STALE_STOCK = "STALE_STOCK"
    INVALID_FIELD = "INVALID_FIELD"
    DUPLICATE_KEY = "DUPLICATE_KEY"
    HAS_STOCK_UPDATES = "HAS_STOCK_UPDATES"
    ROLLED_BACK = "ROLLED_BACK"
    NOT_ATTEMPTED = "NOT_ATTEMPTED"
    CANCELLED = "CANCELLED"
    WRITE_CONFLICT = "WRITE_CONFLICT"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


class ItemError(Struct, frozen=True, kw_only=True, gc=False):
    """Why one item failed.

    `path` leads to the faulty value in the request's arguments: `("updates", "3", "quantity")`.
    `retryable` says whether sending the same item again can succeed by itself.
    `current_stock` is the stock that the item met, if it failed because of it.
    """

    code: ItemErrorCode
    message: str
    path: tuple[str, ...]
    retryable: bool = False
    current_stock: int | None = None
