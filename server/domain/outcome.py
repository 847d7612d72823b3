"""What came of the items of a batch: one outcome per item, in input order."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeVar

from server.domain.item_error import ItemError, ItemErrorCode


class Outcome(Protocol):
    """Answers the input at `index`, which named the product as `product_id`."""

    @property
    def index(self) -> int: ...
    @property
    def product_id(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The item changed nothing. `product_id` is spelled as it was sent."""

    index: int
    product_id: str
    error: ItemError


class BatchOutcome(Enum):
    """How much of a batch succeeded; an empty batch is ALL."""

    ALL = "ALL"
    PARTIAL = "PARTIAL"
    NONE = "NONE"


OutcomeT = TypeVar("OutcomeT", bound=Outcome)


def all_or_nothing(outcomes: Sequence[OutcomeT], argument: str) -> Sequence[OutcomeT | Failed]:
    """The outcomes of an atomic batch: if an item failed, every other one is ROLLED_BACK.

    `argument` is the name of the request's list, for the innocents' paths.
    """
    if not any(isinstance(outcome, Failed) for outcome in outcomes):
        return outcomes
    return [
        outcome if isinstance(outcome, Failed) else _rolled_back(outcome, argument)
        for outcome in outcomes
    ]


def _rolled_back(outcome: Outcome, argument: str) -> Failed:
    return Failed(
        index=outcome.index,
        product_id=outcome.product_id,
        error=ItemError(
            code=ItemErrorCode.ROLLED_BACK,
            message="Nothing is wrong with this item: it was undone with its atomic batch.",
            path=(argument, str(outcome.index)),
            retryable=True,
        ),
    )


def batch_outcome(outcomes: Sequence[Outcome]) -> BatchOutcome:
    failed = sum(isinstance(outcome, Failed) for outcome in outcomes)
    if not failed:
        return BatchOutcome.ALL
    return BatchOutcome.NONE if failed == len(outcomes) else BatchOutcome.PARTIAL
