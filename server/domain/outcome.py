"""What came of the items of a batch: one outcome per item, in input order."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from server.domain.item_error import ItemError


class Outcome(Protocol):
    """Answers the input at `index`; `product_id` is the id that it gave, None if it gave none."""

    @property
    def index(self) -> int: ...
    @property
    def product_id(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The item changed nothing; `errors` has one or more. `product_id` is spelled as sent."""

    index: int
    product_id: str | None
    errors: tuple[ItemError, ...]

    @property
    def error(self) -> ItemError:
        """The first of its errors."""
        return self.errors[0]


def failed(item: Outcome, *errors: ItemError) -> Failed:
    return Failed(index=item.index, product_id=item.product_id, errors=errors)


class BatchOutcome(Enum):
    """How much of a batch succeeded; an empty batch is ALL."""

    ALL = "ALL"
    PARTIAL = "PARTIAL"
    NONE = "NONE"


def any_failed(outcomes: Sequence[Outcome]) -> bool:
    return any(isinstance(outcome, Failed) for outcome in outcomes)


def batch_outcome(outcomes: Sequence[Outcome]) -> BatchOutcome:
    count = sum(isinstance(outcome, Failed) for outcome in outcomes)
    if not count:
        return BatchOutcome.ALL
    return BatchOutcome.NONE if count == len(outcomes) else BatchOutcome.PARTIAL
