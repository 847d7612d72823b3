"""A body of JSON: a list of items and options, as in the input of `submitBatch`."""

from collections.abc import Mapping, Sequence
from typing import Any

from server.domain.errors import quoted
from server.domain.item_result import Input
from server.web.rest.kind import MOST_UNKNOWN, RestKind

MOST_ITEMS = 100_000


def items_of(kind: RestKind, sent: Mapping[str, Any], faults: list[str]) -> Sequence[Input]:
    """Return the items, and add to `faults` what is wrong with their form or the body's names."""
    known = [kind.kind.argument, *kind.options]
    unknown = [name for name in sent if name not in known]
    faults += [
        f"There is no key {quoted(name)}: there may be {', '.join(known)}."
        for name in unknown[:MOST_UNKNOWN]
    ]
    if len(unknown) > MOST_UNKNOWN:
        faults.append(f"There are {len(unknown) - MOST_UNKNOWN} more unknown keys.")
    items = sent.get(kind.kind.argument)
    if not isinstance(items, list) or not items:
        faults.append(
            f"{kind.kind.argument} {_no_list(items)}: give a list of 1 to {MOST_ITEMS} items."
        )
        return []
    if len(items) > MOST_ITEMS:
        faults.append(
            f"{kind.kind.argument} has {len(items)} items: at most {MOST_ITEMS} are allowed. "
            "NDJSON and CSV may be far longer."
        )
        return []
    if kind.kind.takes_ids:
        return _ids(kind, items, faults)
    return _objects(kind, items, faults)


def _no_list(items: object) -> str:
    if items is None:
        return "is missing"
    return "is empty" if isinstance(items, list) else "is not a list"


def _ids(kind: RestKind, items: list[Any], faults: list[str]) -> Sequence[Input]:
    faults += [
        f"{kind.kind.argument}[{place}] is not a text: an id is 24 hexadecimal characters."
        for place, item in enumerate(items)
        if not isinstance(item, str)
    ]
    return [{"productId": item} for item in items]


def _objects(kind: RestKind, items: list[Any], faults: list[str]) -> Sequence[Input]:
    for place, item in enumerate(items):
        wrong = kind.unknown_names(item) if isinstance(item, dict) else ["is not an object"]
        faults += [f"{kind.kind.argument}[{place}] {fault}." for fault in wrong]
    return items
