"""Outcomes of items that are not applied although nothing is wrong with them."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.options import BatchOptions
from server.domain.outcome import Failed, Outcome, any_failed, failed

CANCELLED_MESSAGE = "The batch was cancelled before this item was begun. Nothing was changed."

OutcomeT = TypeVar("OutcomeT", bound=Outcome)


class CheckedItem(Outcome, Protocol):
    """An item with the errors of its fields."""

    @property
    def errors(self) -> tuple[ItemError, ...]: ...


def apply_options(
    outcomes: Sequence[OutcomeT | Failed], options: BatchOptions, argument: str
) -> Sequence[OutcomeT | Failed]:
    """Return the outcomes of one transaction under the batch's options.

    If an item failed and the batch does not go on, other items fail with it: all of an atomic
    batch as ROLLED_BACK, otherwise those after the failure as NOT_ATTEMPTED. `argument` is the
    name of the request's list, for the paths of their errors.
    """
    if options.goes_on or not any_failed(outcomes):
        return outcomes
    if options.atomic:
        return [
            outcome if isinstance(outcome, Failed) else _rolled_back(outcome, argument)
            for outcome in outcomes
        ]
    first = next(place for place, outcome in enumerate(outcomes) if isinstance(outcome, Failed))
    return [*outcomes[: first + 1], *not_attempted(outcomes[first + 1 :], argument)]


def refused(items: Sequence[CheckedItem], argument: str) -> list[Failed]:
    """Return the outcomes of a batch that may not begin because a field of it is invalid."""
    return [
        failed(item, *item.errors) if item.errors else _not_attempted(item, argument)
        for item in items
    ]


def cancelled(items: Sequence[Outcome], argument: str) -> list[Failed]:
    """Return the outcomes of items that had not begun when their batch was cancelled."""
    return [_failed(item, argument, ItemErrorCode.CANCELLED, CANCELLED_MESSAGE) for item in items]


def not_attempted(items: Sequence[Outcome], argument: str) -> list[Failed]:
    """Return the outcomes of items after the failure at which their batch ended."""
    return [_not_attempted(item, argument) for item in items]


def _rolled_back(outcome: Outcome, argument: str) -> Failed:
    message = "Nothing is wrong with this item: it was undone with its atomic batch."
    return _failed(outcome, argument, ItemErrorCode.ROLLED_BACK, message)


def _not_attempted(item: Outcome, argument: str) -> Failed:
    message = "This item was not tried: the batch ended at another one that failed."
    return _failed(item, argument, ItemErrorCode.NOT_ATTEMPTED, message)


def _failed(item: Outcome, argument: str, code: ItemErrorCode, message: str) -> Failed:
    path = (argument, str(item.index))
    return failed(item, ItemError(code=code, message=message, path=path, retryable=True))
