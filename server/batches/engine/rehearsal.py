"""How the items at fault are found in a chunk that may not be committed in parts."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from server.batches.engine.cutting import cut_by_product
from server.domain.errors import CommitUnknown, DatabaseUnavailable, Inseparable, WriteConflict
from server.domain.outcome import Failed, Outcome
from server.kinds.kind import Item

ItemT = TypeVar("ItemT", bound=Item)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal(Generic[ItemT, OutcomeT]):
    """Runs items in transactions that are all rolled back, to find those at fault.

    `attempt` runs one such transaction and raises its error. `isolate` raises nothing: it runs the
    items in smaller parts and fails those that are wrong by themselves. `blame` fails one item for
    an error. `until` is a moment of the monotonic clock, after which the search is given up.
    """

    attempt: Callable[[Sequence[ItemT]], Awaitable[Sequence[OutcomeT | Failed]]]
    isolate: Callable[[Sequence[ItemT]], Awaitable[Sequence[OutcomeT | Failed]]]
    blame: Callable[[ItemT, Exception], Awaitable[Sequence[OutcomeT | Failed]]]
    until: float

    async def run(self, items: Sequence[ItemT]) -> Sequence[OutcomeT | Failed]:
        """Return the outcomes in order, with a failure for each item at fault.

        Raises:
            StoreError: the database did not answer.
            Inseparable: not all items at fault were found in time.
        """
        failures = await self._fail_alone(items)
        while True:
            failed = {failure.index for failure in failures}
            others = [item for item in items if item.index not in failed]
            result = await self._attempted(others)
            if not isinstance(result, Exception):
                return sorted([*failures, *result], key=lambda outcome: outcome.index)
            failures += await self._first_at_fault(others, result)

    async def _fail_alone(self, items: Sequence[ItemT]) -> list[OutcomeT | Failed]:
        """Return the failures of items that fail without those of other products.

        Items of one product stay together, because a later one may need what an earlier one wrote.
        """
        halves = cut_by_product(items, (len(items) + 1) // 2)
        failures: list[OutcomeT | Failed] = []
        for half in halves if len(halves) > 1 else []:
            done = await self.isolate(half)
            failures += [outcome for outcome in done if isinstance(outcome, Failed)]
        return failures

    async def _first_at_fault(
        self, items: Sequence[ItemT], cause: Exception
    ) -> Sequence[OutcomeT | Failed]:
        """Fail the first item that cannot be written together with those before it.

        Bisection finds it: `items[:passing]` can be written, and `items[:failing]` cannot.
        """
        passing, failing = 0, len(items)
        while failing - passing > 1:
            middle = (passing + failing) // 2
            result = await self._attempted(items[:middle])
            if isinstance(result, Exception):
                failing, cause = middle, result
            else:
                passing = middle
        return await self.blame(items[failing - 1], cause)

    async def _attempted(self, items: Sequence[ItemT]) -> Sequence[OutcomeT | Failed] | Exception:
        """Return the outcomes of one transaction, or the error that one of its items caused.

        Raises:
            StoreError: the database did not answer.
            Inseparable: the time is up.
        """
        if time.monotonic() > self.until:
            raise Inseparable(f"{len(items)} items are left that cannot be written together")
        try:
            return await self.attempt(items)
        except (WriteConflict, DatabaseUnavailable, CommitUnknown):
            raise
        except Exception as error:  # noqa: BLE001 - any other error is an item's fault
            return error
