"""The kinds of batch in REST: their paths, and the names in their requests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Final

from server.domain.errors import quoted
from server.kinds.item_field import Cell
from server.kinds.kind import BatchKind
from server.kinds.registry import KINDS
from server.web.rest.names import plain

BATCH_SIZE, DRY_RUN = "batchSize", "dryRun"  # the options that every kind has
MOST_UNKNOWN = 5  # keys that are named: an item of 1 MB can have 90 000
LONGEST_TEXT: Final = 64 * 1024  # characters of a text in an item, as long as a line may be
_LONGEST_LIST: Final = 1_000  # values and characters in a list or object, which no field takes
_MOST_LOOKED_AT: Final = 20  # fields of an item; with more, some are unknown
_LONG_TYPES: Final = (str, list, dict)


@dataclass(frozen=True)
class RestKind:
    """A kind of batch and what REST derives from its declaration."""

    kind: BatchKind

    @cached_property
    def path(self) -> str:
        """Return the last part of the path that takes batches of this kind: batch-update-stock."""
        return f"batch-{self.kind.path}"

    @cached_property
    def columns(self) -> Mapping[str, Cell]:
        """Return the columns that a CSV file may have, in order."""
        return {field.name: field.cell for field in self.kind.fields}

    @cached_property
    def plain_columns(self) -> Mapping[str, str]:
        """Return the columns by the form in which the names of a header are compared."""
        return {plain(name): name for name in self.columns}

    @cached_property
    def required_columns(self) -> frozenset[str]:
        """Return the columns without which a CSV file makes no sense."""
        return frozenset(field.name for field in self.kind.fields if field.is_column_required)

    @cached_property
    def parent(self) -> str | None:
        """Return the object of an item in which some of its fields stand; None if none do."""
        return next((field.parent for field in self.kind.fields if field.parent), None)

    @cached_property
    def item_keys(self) -> tuple[str, ...]:
        """Return the keys that an item may have in JSON."""
        own = tuple(field.name for field in self.kind.fields if field.parent is None)
        return (*own, self.parent) if self.parent else own

    @cached_property
    def parent_keys(self) -> tuple[str, ...]:
        """Return the keys that the object in an item may have."""
        return tuple(field.name for field in self.kind.fields if field.parent is not None)

    @cached_property
    def options(self) -> Mapping[str, Cell]:
        """Return the options that a batch may have, and what a parameter's text is read as."""
        own = {option.name: option.cell for option in self.kind.options}
        return dict(sorted({**own, BATCH_SIZE: Cell.NUMBER, DRY_RUN: Cell.FLAG}.items()))

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.item_keys)

    def faults(self, item: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with the form of an item: names that it may not have, as GraphQL is
        strict about them, and values that are too long for any field.

        Each message lacks its subject, such as "updates[0]". What is wrong with other values fails
        the item alone, and is not looked at here.
        """
        faults = [] if item.keys() <= self._known else _unknown(self.item_keys, item)
        faults += _too_long(item, self.parent)
        nested = item.get(self.parent) if self.parent else None
        if isinstance(nested, Mapping):
            inner = _unknown(self.parent_keys, nested) + _too_long(nested, None)
            faults += [f"{fault} in {self.parent}" for fault in inner]
        return faults


def _unknown(known: Sequence[str], names: Iterable[str]) -> list[str]:
    possible = ", ".join(known)
    unknown = [name for name in names if name not in known]
    faults = [
        f"has the unknown key {quoted(name)}: there may be {possible}"
        for name in unknown[:MOST_UNKNOWN]
    ]
    if len(unknown) > MOST_UNKNOWN:
        faults.append(f"has {len(unknown) - MOST_UNKNOWN} more unknown keys")
    return faults


def _too_long(fields: Mapping[str, Any], parent: str | None) -> list[str]:
    """Return which values are too long. The object in the field `parent` is looked at apart."""
    return [
        f"has a value for {quoted(name)} that is longer than any field"
        for name, value in islice(fields.items(), _MOST_LOOKED_AT)
        if type(value) in _LONG_TYPES
        and not (name == parent and isinstance(value, dict))
        and _is_long(value)
    ]


def _is_long(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) > LONGEST_TEXT
    size, pending = 0, [value]
    while pending and size <= _LONGEST_LIST:
        one = pending.pop()
        size += 1 + (len(one) if isinstance(one, str | list | dict) else 0)
        if size <= _LONGEST_LIST and isinstance(one, list | dict):
            pending += one if isinstance(one, list) else [*one, *one.values()]
    return size > _LONGEST_LIST


BY_PATH: Mapping[str, RestKind] = {
    rest_kind.path: rest_kind for rest_kind in map(RestKind, KINDS.values())
}
