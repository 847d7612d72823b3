"""Chunks that crash their processes: they are run in parts, to find the item at fault."""

import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import uuid4

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed, failed
from server.kinds.kind import Item

log = logging.getLogger(__name__)

PATIENCE = 3  # crashes, before an item is suspected
_CRASHED = "Every process that ran this item crashed. It was not applied. (Error {error_id})"


class Part(NamedTuple):
    """Some items of a chunk. `has_crashed`: they are at fault for its crashes and must not run."""

    items: Sequence[Item]
    has_crashed: bool


def parts(items: Sequence[Item], size: int, crashes: int, *, atomic: bool) -> Iterator[Part]:
    """Yield the items of a chunk in the parts in which to run them, in order.

    `items` are those without an outcome, `size` is the number that the chunk had at first, and
    `crashes` is how often it crashed since an item of it was last found at fault. An atomic chunk
    cannot be run in parts, so all of it is at fault.
    """
    while items:
        at_once = part_size(size, crashes)
        has_crashed = at_once == 0 or (atomic and at_once < size)
        if has_crashed:
            at_once, crashes = (len(items) if atomic else 1), 0
        yield Part(items[:at_once], has_crashed)
        items = items[at_once:]


def part_size(items: int, crashes: int) -> int:
    """Return how many items to run at once; 0 if the first has crashed alone and is at fault.

    `items` is the number that the chunk had at first. After three crashes half of them run at
    once, and each further crash halves the part. A part that ends shows that the item at
    fault comes after it. So among 500 items it is found after three crashes and nine more.
    """
    if crashes < PATIENCE:
        return items
    size = items >> (crashes - PATIENCE + 1)
    before = items >> (crashes - PATIENCE) if crashes > PATIENCE else items
    if before <= 1:
        return 0
    return max(1, size)


def crashed(items: Sequence[Item], argument: str) -> Sequence[Failed]:
    """Fail items that crashed every process that ran them."""
    error_id = uuid4().hex
    log.error(
        "Items are given up: every process that ran them crashed",
        extra={"error_id": error_id, "items": [item.index for item in items]},
    )
    return [
        failed(
            item,
            ItemError(
                code=ItemErrorCode.INTERNAL,
                message=_CRASHED.format(error_id=error_id),
                path=(argument, str(item.index)),
            ),
        )
        for item in items
    ]
