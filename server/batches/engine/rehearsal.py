"""Naming the culprits of a chunk whose transaction nobody may commit in parts."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from server.batches.engine.cutting import cut
from server.domain.errors import CommitUnknown, DatabaseUnavailable, Inseparable, WriteConflict
from server.domain.outcome import Failed, Outcome
from server.kinds.kind import Item

ItemT = TypeVar("ItemT", bound=Item)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal(Generic[ItemT, OutcomeT]):
    """Runs items in transactions that are all rolled back, `until` a moment of the monotonic clock.

    `perform` is one such transaction and raises what it meets. `isolate` raises nothing: items
    that are wrong by themselves fail. `blame` fails one item for an error.
    """

    perform: Callable[[Sequence[ItemT]], Awaitable[Sequence[OutcomeT | Failed]]]
    isolate: Callable[[Sequence[ItemT]], Awaitable[Sequence[OutcomeT | Failed]]]
    blame: Callable[[ItemT, Exception], Awaitable[Sequence[OutcomeT | Failed]]]
    until: float

    async def run(self, items: Sequence[ItemT]) -> Sequence[OutcomeT | Failed]:
        """What each item comes to if those are taken out that make the others fail, in order.

        Raises:
            StoreError: the database did not answer.
            Inseparable: not all culprits were found in time.
        """
        failures = await self._wrong_alone(items)
        while True:
            failed = {failure.index for failure in failures}
            others = [item for item in items if item.index not in failed]
            rest = await self._tried(others)
            if not isinstance(rest, Exception):
                return sorted([*failures, *rest], key=lambda outcome: outcome.index)
            failures += await self._last_straw(others, rest)

    async def _wrong_alone(self, items: Sequence[ItemT]) -> list[OutcomeT | Failed]:
        """What is rolled back cannot be built upon, so the items of one product stay together."""
        parts = cut(items, (len(items) + 1) // 2)
        failures: list[OutcomeT | Failed] = []
        for part in parts if len(parts) > 1 else []:
            done = await self.isolate(part)
            failures += [outcome for outcome in done if isinstance(outcome, Failed)]
        return failures

    async def _last_straw(
        self, items: Sequence[ItemT], cause: Exception
    ) -> Sequence[OutcomeT | Failed]:
        """Fail the item with which the items begin to fail: those before it are well together."""
        well, ill = 0, len(items)
        while ill - well > 1:
            middle = (well + ill) // 2
            met = await self._tried(items[:middle])
            if isinstance(met, Exception):
                ill, cause = middle, met
            else:
                well = middle
        return await self.blame(items[ill - 1], cause)

    async def _tried(self, items: Sequence[ItemT]) -> Sequence[OutcomeT | Failed] | Exception:
        """The outcomes of one transaction, or what an item has brought about in it."""
        if time.monotonic() > self.until:
            raise Inseparable(f"{len(items)} items are left that cannot be written together")
        try:
            return await self.perform(items)
        except (WriteConflict, DatabaseUnavailable, CommitUnknown):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, an item is to blame for it
            return error
