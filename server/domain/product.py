"""Products, their ids, and the errors that name a product."""

import re
from datetime import datetime
from typing import TypedDict

from msgspec import Struct

from server.domain.errors import quoted
from server.domain.item_error import ItemError, ItemErrorCode

_ID_CHARACTERS = 24
_AN_ID = f"an id is {_ID_CHARACTERS} hexadecimal characters."
_FROM_A_SPREADSHEET = (
    "Has a spreadsheet turned it into a number? Format the column as text before ids are put in."
)
_is_number = re.compile(r"[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII).fullmatch
_is_hex_24 = re.compile(r"[0-9a-fA-F]{24}", re.ASCII).fullmatch


class Product(Struct, frozen=True, kw_only=True, gc=False):
    """A stored product; `price` is in whole cents, and times are UTC, to the millisecond."""

    id: str
    name: str
    price: int
    stock: int
    category: str
    discontinued: bool
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None


class StockLevel(Struct, frozen=True, kw_only=True, gc=False):
    """The fields of a product that the stock rules need."""

    stock: int
    discontinued: bool


class ProductPatch(TypedDict, total=False):
    """The new values of those fields of a product that change."""

    name: str
    price: int
    category: str


def canonical_id(text: str) -> str | None:
    """Return a well-formed id in lower case; None if `text` is not one."""
    return text.lower() if _is_hex_24(text) else None


def invalid_product_id(text: str, path: tuple[str, ...]) -> ItemError:
    """Return the error for a text that is no product id, and for an id that is missing."""
    if text:
        fault = f"{quoted(text)} is not a product id: {_AN_ID}"
        if len(text) < _ID_CHARACTERS and _is_number(text):
            fault += f" {_FROM_A_SPREADSHEET}"
    else:
        fault = f"The {path[-1] if path[-1] == 'id' else 'productId'} is missing: {_AN_ID}"
    return ItemError(code=ItemErrorCode.INVALID_PRODUCT_ID, message=fault, path=path)


def product_not_found(product_id: str, path: tuple[str, ...]) -> ItemError:
    """Return the error for a product that does not exist."""
    return ItemError(
        code=ItemErrorCode.PRODUCT_NOT_FOUND,
        message=f"There is no product {product_id}.",
        path=path,
    )


def product_discontinued(product_id: str, path: tuple[str, ...]) -> ItemError:
    """Return the error for a product that is discontinued."""
    return ItemError(
        code=ItemErrorCode.PRODUCT_DISCONTINUED,
        message=f"The product {product_id} is discontinued and takes no updates.",
        path=path,
    )
