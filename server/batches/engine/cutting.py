"""Cutting a batch into chunks that cannot conflict with each other."""

from collections.abc import Sequence
from typing import TypeVar

from server.kinds.kind import Item

ItemT = TypeVar("ItemT", bound=Item)


def cut(items: Sequence[ItemT], size: int) -> list[list[ItemT]]:
    """Chunks of `size` items, in which all items of one product are together and in input order.

    A product that has more than `size` items makes a chunk larger; no two chunks share a product.
    """
    chunks: list[list[ItemT]] = []
    chunk: list[ItemT] = []
    for group in _by_product(items):
        if chunk and len(chunk) + len(group) > size:
            chunks.append(chunk)
            chunk = []
        chunk.extend(group)
    if chunk:
        chunks.append(chunk)
    return [sorted(chunk, key=lambda item: item.index) for chunk in chunks]


def in_order(items: Sequence[ItemT], size: int) -> list[list[ItemT]]:
    """Chunks of `size` items as they come, to run one after another."""
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


def _by_product(items: Sequence[ItemT]) -> list[list[ItemT]]:
    """In the order of first mention; an item that names no product is a group of its own."""
    groups: dict[str | int, list[ItemT]] = {}
    for item in items:
        groups.setdefault(item.key or item.index, []).append(item)
    return list(groups.values())
