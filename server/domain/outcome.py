"""The outcomes of a batch: one per item, in input order."""

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from msgspec import Struct

from server.domain.item_error import ItemError


class Outcome(Protocol):
    """What came of the item at `index`; `product_id` is the id that was sent, None if none was."""

    @property
    def index(self) -> int: ...
    @property
    def product_id(self) -> str | None: ...


class Failed(Struct, frozen=True, kw_only=True, gc=False):
    """An item that changed nothing; it has one error or more. `product_id` is spelled as sent."""

    index: int
    product_id: str | None
    errors: tuple[ItemError, ...]

    @property
    def error(self) -> ItemError:
        """Return the first of the errors."""
        return self.errors[0]


def failed(item: Outcome, *errors: ItemError) -> Failed:
    """Return the failure of the item."""
    return Failed(index=item.index, product_id=item.product_id, errors=errors)


class BatchOutcome(Enum):
    """How much of a batch succeeded; an empty batch is ALL."""

    ALL = "ALL"
    PARTIAL = "PARTIAL"
    NONE = "NONE"


def any_failed(outcomes: Sequence[Outcome]) -> bool:
    """Return whether any item failed."""
    return any(isinstance(outcome, Failed) for outcome in outcomes)


def batch_outcome(outcomes: Sequence[Outcome]) -> BatchOutcome:
    """Return how much of the batch succeeded."""
    failures = sum(isinstance(outcome, Failed) for outcome in outcomes)
    if not failures:
        return BatchOutcome.ALL
    return BatchOutcome.NONE if failures == len(outcomes) else BatchOutcome.PARTIAL
