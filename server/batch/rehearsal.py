"""Naming the culprits of a chunk whose transaction nobody may commit in parts."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from server.batch.chunks import cut
from server.batch.operation import Item
from server.domain.errors import CommitUnknown, DatabaseUnavailable, WriteConflict
from server.domain.outcome import Failed, Outcome

MOST_CULPRITS = 50  # that are only wrong together with others: each costs some ten transactions

ItemT = TypeVar("ItemT", bound=Item)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)


@dataclass(frozen=True, slots=True)
class Rehearsal(Generic[ItemT, OutcomeT]):
    """Runs items in transactions that are all rolled back.

    `perform` is one such transaction and raises what it meets. `isolate` raises nothing: items
    that are wrong by themselves fail. `blame` fails one item for an error.
    """

    perform: Callable[[Sequence[ItemT]], Awaitable[Sequence[OutcomeT | Failed]]]
    isolate: Callable[[Sequence[ItemT]], Awaitable[Sequence[OutcomeT | Failed]]]
    blame: Callable[[ItemT, Exception], Awaitable[Sequence[OutcomeT | Failed]]]

    async def run(self, items: Sequence[ItemT]) -> Sequence[OutcomeT | Failed]:
        """What each item comes to if those are taken out that make the others fail, in order.

        What is rolled back cannot be built upon, so the items of one product are never parted.

        Raises:
            StoreError: the database did not answer, or there are more than `MOST_CULPRITS`.
        """
        settled: list[OutcomeT | Failed] = []
        others = list(items)
        parts = cut(items, (len(items) + 1) // 2)
        for part in parts if len(parts) > 1 else []:
            done = await self.isolate(part)
            settled += [outcome for outcome in done if isinstance(outcome, Failed)]
        for _ in range(MOST_CULPRITS):
            failed = {outcome.index for outcome in settled}
            others = [item for item in others if item.index not in failed]
            try:
                rest = await self.perform(others)
            except (WriteConflict, DatabaseUnavailable, CommitUnknown):
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, one item more brings it about
                settled += await self._last_straw(others, error)
            else:
                return sorted([*settled, *rest], key=lambda outcome: outcome.index)
        return sorted([*settled, *await self.perform(others)], key=lambda outcome: outcome.index)

    async def _last_straw(
        self, items: Sequence[ItemT], cause: Exception
    ) -> Sequence[OutcomeT | Failed]:
        """Fail the item with which the items begin to fail: those before it are well together."""
        well, ill = 0, len(items)
        while ill - well > 1:
            middle = (well + ill) // 2
            try:
                await self.perform(items[:middle])
                well = middle
            except (WriteConflict, DatabaseUnavailable, CommitUnknown):
                raise
            except Exception as error:  # noqa: BLE001 - as above
                ill, cause = middle, error
        return await self.blame(items[ill - 1], cause)
