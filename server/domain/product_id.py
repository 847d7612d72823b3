"""The id of a product: 24 hexadecimal characters, an ObjectId on the wire."""

import re

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.text import shown

_HEX_24 = re.compile(r"[0-9a-fA-F]{24}", re.ASCII)


def canonical_id(text: str) -> str | None:
    """The one spelling (lower case) of a well-formed id; None if `text` is not one."""
    return text.lower() if _HEX_24.fullmatch(text) else None


def invalid_product_id(text: str, path: tuple[str, ...]) -> ItemError:
    return ItemError(
        code=ItemErrorCode.INVALID_PRODUCT_ID,
        message=f"{shown(text)} is not a product id: an id is 24 hexadecimal characters.",
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
