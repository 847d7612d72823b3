"""A body of JSON: a list of items and options, as in the input of `submitBatch`."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from server.domain.errors import quoted
from server.domain.item_result import Input
from server.web.refusal import MOST_REASONS
from server.web.rest.kind import LONGEST_TEXT, MOST_UNKNOWN, RestKind

MOST_ITEMS = 100_000
_SLICE: Final = 1_000  # items that are looked at in one go: at most some 10 ms


@dataclass(slots=True)
class Faults:
    """What is wrong with a request: `worded` are at least the first 20, `more` is a count."""

    worded: list[str] = field(default_factory=list)
    more: int = 0

    def add(self, place: str, faults: Sequence[str]) -> None:
        """Add what is wrong with an item."""
        if len(self.worded) < MOST_REASONS:
            self.worded += [f"{place} {fault}." for fault in faults]
        else:
            self.more += len(faults)

    def __bool__(self) -> bool:
        return bool(self.worded)


async def items_of(kind: RestKind, sent: Mapping[str, Any], faults: Faults) -> Sequence[Input]:
    """Return the items, and add to `faults` what is wrong with their form or the body's names.

    Others are served meanwhile.
    """
    known = [kind.kind.argument, *kind.options]
    unknown = [name for name in sent if name not in known]
    faults.worded += [
        f"There is no key {quoted(name)}: there may be {', '.join(known)}."
        for name in unknown[:MOST_UNKNOWN]
    ]
    if len(unknown) > MOST_UNKNOWN:
        faults.worded.append(f"There are {len(unknown) - MOST_UNKNOWN} more unknown keys.")
    items = sent.get(kind.kind.argument)
    if not isinstance(items, list) or not items:
        faults.worded.append(
            f"{kind.kind.argument} {_no_list(items)}: give a list of 1 to {MOST_ITEMS} items."
        )
        return []
    if len(items) > MOST_ITEMS:
        faults.worded.append(
            f"{kind.kind.argument} has {len(items)} items: at most {MOST_ITEMS} are allowed. "
            "NDJSON and CSV may be far longer."
        )
        return []
    for start in range(0, len(items), _SLICE):
        for place, item in enumerate(items[start : start + _SLICE], start):
            wrong = _id_faults(item) if kind.kind.takes_ids else _faults(kind, item)
            if wrong:
                faults.add(f"{kind.kind.argument}[{place}]", wrong)
        await asyncio.sleep(0)
    return [{"productId": item} for item in items] if kind.kind.takes_ids else items


def _no_list(items: object) -> str:
    if items is None:
        return "is missing"
    return "is empty" if isinstance(items, list) else "is not a list"


def _id_faults(item: object) -> Sequence[str]:
    if not isinstance(item, str):
        return ["is not a text: an id is 24 hexadecimal characters"]
    too_long = f"has {len(item)} characters: an id is 24 hexadecimal characters"
    return [too_long] if len(item) > LONGEST_TEXT else []


def _faults(kind: RestKind, item: object) -> Sequence[str]:
    return kind.faults(item) if isinstance(item, dict) else ["is not an object"]
