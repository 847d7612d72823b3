"""What becomes of an item with which nothing is wrong, when another one of its batch has failed."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.options import BatchOptions
from server.domain.outcome import Failed, Outcome, any_failed, failed


class CheckedItem(Outcome, Protocol):
    """An item, and what the field rules say of it."""

    @property
    def errors(self) -> tuple[ItemError, ...]: ...


CANCELLED_MESSAGE = "The batch was cancelled before this item was begun. Nothing was changed."

OutcomeT = TypeVar("OutcomeT", bound=Outcome)


def settled(
    outcomes: Sequence[OutcomeT | Failed], options: BatchOptions, argument: str
) -> Sequence[OutcomeT | Failed]:
    """The outcomes of one transaction, in input order, as the options want them.

    `argument` is the name of the request's list, for the innocents' paths.
    """
    if options.goes_on or not any_failed(outcomes):
        return outcomes
    if options.atomic:
        return [
            outcome if isinstance(outcome, Failed) else _rolled_back(outcome, argument)
            for outcome in outcomes
        ]
    first = next(place for place, one in enumerate(outcomes) if isinstance(one, Failed))
    return [*outcomes[: first + 1], *not_attempted(outcomes[first + 1 :], argument)]


def refused(items: Sequence[CheckedItem], argument: str) -> list[Failed]:
    """Nothing of the batch is begun: each item with a bad field is named, the rest stay behind."""
    return [
        failed(item, *item.errors) if item.errors else _not_attempted(item, argument)
        for item in items
    ]


def cancelled(items: Sequence[Outcome], argument: str) -> list[Failed]:
    """What was not begun when its batch was cancelled."""
    return [_innocent(item, argument, ItemErrorCode.CANCELLED, CANCELLED_MESSAGE) for item in items]


def not_attempted(items: Sequence[Outcome], argument: str) -> list[Failed]:
    """What stands behind the first failure of a batch that ends with it."""
    return [_not_attempted(item, argument) for item in items]


def _rolled_back(outcome: Outcome, argument: str) -> Failed:
    message = "Nothing is wrong with this item: it was undone with its atomic batch."
    return _innocent(outcome, argument, ItemErrorCode.ROLLED_BACK, message)


def _not_attempted(item: Outcome, argument: str) -> Failed:
    message = "This item was not tried: the batch ended at another one that failed."
    return _innocent(item, argument, ItemErrorCode.NOT_ATTEMPTED, message)


def _innocent(item: Outcome, argument: str, code: ItemErrorCode, message: str) -> Failed:
    path = (argument, str(item.index))
    return failed(item, ItemError(code=code, message=message, path=path, retryable=True))
