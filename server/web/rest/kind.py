"""The kinds of batch as REST names them: their paths, and the shape of their requests."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from server.kinds.item_field import Cell
from server.kinds.kind import BatchKind
from server.kinds.registry import KINDS

BATCH_SIZE = "batchSize"  # the option that every kind has


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
        return dict(sorted({**own, BATCH_SIZE: Cell.NUMBER}.items()))


BY_PATH: Mapping[str, RestKind] = {
    rest_kind.path: rest_kind for rest_kind in map(RestKind, KINDS.values())
}
