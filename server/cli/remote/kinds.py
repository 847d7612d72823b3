"""The kinds of batch that a server takes. A test compares them with those that it has."""

from typing import Final

KINDS: Final = (
    "update-stock",
    "discontinue-products",
    "update-price",
    "create-products",
    "update-products",
    "delete-products",
)
