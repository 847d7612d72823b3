"""Chunks whose processes died: they are run in parts, to find the item at fault.

docs/decisions/0016-deaths-and-their-suspects.md
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple
from uuid import uuid4

from server.domain.death import Death, accusing
from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed, failed
from server.kinds.kind import Item

log = logging.getLogger(__name__)

TOGETHER: Final = 2  # deaths with all items, before they are run in parts
ALONE: Final = 3  # deaths with one item alone, before it is at fault
ATOMIC: Final = 6  # deaths with an atomic chunk, which cannot be run in parts
_CRASHED = "Every process that ran this item crashed. It was not applied. (Error {error_id})"


class Part(NamedTuple):
    """Some items of a chunk. `has_crashed`: they are at fault for its deaths and must not run."""

    items: Sequence[Item]
    has_crashed: bool = False

    @property
    def first(self) -> int:
        return self.items[0].index

    @property
    def last(self) -> int:
        return self.items[-1].index


def parts(items: Sequence[Item], deaths: Sequence[Death], *, atomic: bool) -> Iterator[Part]:
    """Yield the items of a chunk in the parts in which to run them, in order.

    `items` are those without an outcome. Once an item is at fault, the deaths are its doing, and
    the items after it are run as if there had been none.
    """
    while items:
        for part in _parts_at_first(items, deaths, atomic=atomic):
            yield part
            items = items[len(part.items) :]
            if part.has_crashed:
                deaths = ()
                break


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


def _parts_at_first(
    items: Sequence[Item], deaths: Sequence[Death], *, atomic: bool
) -> Sequence[Part]:
    """Return the parts in which to run the items.

    The fewest items that a death accuses are halved. The others need no smaller parts, unless a
    later death accuses them.
    """
    standing = accusing(deaths, [item.index for item in items])
    if len(standing) < TOGETHER:
        return [Part(items)]
    if atomic:
        return [Part(items, has_crashed=len(standing) >= ATOMIC)]
    start, end = min(
        (_accused(items, death) for death in standing), key=lambda place: place[1] - place[0]
    )
    if end - start == 1:
        alone = sum(
            death.is_of_one_item and death.accuses(items[start].index) for death in standing
        )
        suspects = [Part(items[start:end], has_crashed=alone >= ALONE)]
    else:
        middle = (start + end + 1) // 2
        suspects = [Part(items[start:middle]), Part(items[middle:end])]
    every = [Part(items[:start]), *suspects, Part(items[end:])]
    return [part for part in every if part.items]


def _accused(items: Sequence[Item], death: Death) -> tuple[int, int]:
    """Return the range of items that may have caused the death: its begin and its end."""
    places = [place for place, item in enumerate(items) if death.accuses(item.index)]
    return places[0], places[-1] + 1
