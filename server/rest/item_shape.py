"""Whether an item has names that it may not have: strict, as GraphQL is.

What its values are is the operation's business: a bad one fails the item, and not the batch.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.domain.text import shown
from server.rest.kind import Kind


def unknown_names(kind: Kind, item: Mapping[str, Any]) -> list[str]:
    """What is wrong with the item's names, each as the end of a sentence."""
    faults = [_fault(name, kind.fields) for name in _beyond(kind.fields, item)]
    inner = item.get(kind.inner) if kind.inner else None
    if isinstance(inner, Mapping):
        names = _beyond(kind.inner_fields, inner)
        faults += [f"{_fault(name, kind.inner_fields)} in {kind.inner}" for name in names]
    return faults


def _beyond(known: Sequence[str], names: Iterable[str]) -> list[str]:
    return [name for name in names if name not in known]


def _fault(name: str, known: Sequence[str]) -> str:
    return f"has the unknown key {shown(name)}: there may be {', '.join(known)}"
