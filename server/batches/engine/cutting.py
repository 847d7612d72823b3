"""How a batch is cut into chunks, each of which is one transaction."""

from collections.abc import Sequence
from typing import TypeVar

from server.domain.options import BatchOptions
from server.kinds.kind import Item

ItemT = TypeVar("ItemT", bound=Item)


def chunks_of(items: Sequence[ItemT], options: BatchOptions) -> list[list[ItemT]]:
    """Return the chunks of a whole request.

    * An atomic request is one chunk.
    * A batch that ends at its first failure is cut in input order, and its chunks run one after
      another. A dry run of it is one chunk, because a second chunk could not see what the first
      would have left.
    * Any other batch is cut by product, and its chunks may run side by side.
    """
    if not items:
        return []
    if options.atomic or (options.ends_at_failure and options.dry_run):
        return [list(items)]
    if options.ends_at_failure:
        return cut_in_order(items, options.batch_size)
    return cut_by_product(items, options.batch_size)


def cut_by_product(items: Sequence[ItemT], size: int) -> list[list[ItemT]]:
    """Return chunks of `size` items that share no product, each in input order.

    A product with more than `size` items makes its chunk larger.
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


def cut_in_order(items: Sequence[ItemT], size: int) -> list[list[ItemT]]:
    """Return chunks of `size` items in input order; a product may be in several of them."""
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


def _by_product(items: Sequence[ItemT]) -> list[list[ItemT]]:
    """Return the items of each product in the order of its first mention.

    An item that names no product is a group of its own.
    """
    groups: dict[str | int, list[ItemT]] = {}
    for item in items:
        groups.setdefault(item.key or item.index, []).append(item)
    return list(groups.values())
