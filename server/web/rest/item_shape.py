"""Whether an item has names that it may not have: strict, as GraphQL is.

What its values are is the operation's business: a bad one fails the item, and not the batch.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.domain.errors import quoted
from server.web.rest.kind import RestKind


def unknown_names(kind: RestKind, item: Mapping[str, Any]) -> list[str]:
    """What is wrong with the item's names, each as the end of a sentence."""
    faults = [_fault(name, kind.item_keys) for name in _beyond(kind.item_keys, item)]
    nested = item.get(kind.parent) if kind.parent else None
    if isinstance(nested, Mapping):
        names = _beyond(kind.parent_keys, nested)
        faults += [f"{_fault(name, kind.parent_keys)} in {kind.parent}" for name in names]
    return faults


def _beyond(known: Sequence[str], names: Iterable[str]) -> list[str]:
    return [name for name in names if name not in known]


def _fault(name: str, known: Sequence[str]) -> str:
    return f"has the unknown key {quoted(name)}: there may be {', '.join(known)}"
