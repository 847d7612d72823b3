"""A product as the store holds it."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from server.domain.errors import quoted
from server.domain.item_error import ItemError, ItemErrorCode

_HEX_24 = re.compile(r"[0-9a-fA-F]{24}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """`price` is in whole cents; times are UTC, to the millisecond."""

    id: str
    name: str
    price: int
    stock: int
    category: str
    discontinued: bool
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLevel:
    """All that the stock rules need to know of a product."""

    stock: int
    discontinued: bool


class ProductPatch(TypedDict, total=False):
    """The fields of a product that change, and what they become."""

    name: str
    price: int
    category: str


def canonical_id(text: str) -> str | None:
    """The one spelling (lower case) of a well-formed id; None if `text` is not one."""
    return text.lower() if _HEX_24.fullmatch(text) else None


def invalid_product_id(text: str, path: tuple[str, ...]) -> ItemError:
    return ItemError(
        code=ItemErrorCode.INVALID_PRODUCT_ID,
        message=f"{quoted(text)} is not a product id: an id is 24 hexadecimal characters.",
        path=path,
    )


def product_not_found(product_id: str, path: tuple[str, ...]) -> ItemError:
    return ItemError(
        code=ItemErrorCode.PRODUCT_NOT_FOUND,
        message=f"There is no product {product_id}.",
        path=path,
    )


def product_discontinued(product_id: str, path: tuple[str, ...]) -> ItemError:
    return ItemError(
        code=ItemErrorCode.PRODUCT_DISCONTINUED,
        message=f"The product {product_id} is discontinued and takes no updates.",
        path=path,
    )
