"""The use case: what a caller can have done to many products at once, within limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from server.batch.engine import Engine
from server.batch.operation import Item, Operation
from server.domain.errors import BatchTooLarge
from server.domain.options import BatchOptions
from server.domain.outcome import Failed, Outcome

ItemT = TypeVar("ItemT", bound=Item)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many items a batch may have: in general, and as one atomic transaction."""

    items: int = 10_000
    atomic_items: int = 5_000


class Batches:
    """The way into the engine for whoever has a batch."""

    def __init__(self, engine: Engine, limits: Limits) -> None:
        self._engine = engine
        self._limits = limits

    async def run(
        self, operation: Operation[ItemT, OutcomeT], items: Sequence[ItemT], options: BatchOptions
    ) -> Sequence[OutcomeT | Failed]:
        """The outcome of every item, in input order.

        Raises:
            BatchTooLarge: there are more items than the limit; nothing was done.
        """
        self.check_size(operation.argument, len(items), options)
        return await self._engine.run(operation, items, options)

    def check_size(self, argument: str, count: int, options: BatchOptions) -> None:
        """
        Raises:
            BatchTooLarge: there are more items than the limit.
        """
        if count > self._limits.items:
            raise BatchTooLarge(
                f"{argument} has {count} items: at most {self._limits.items} are allowed in one "
                "request. Send several requests."
            )
        if options.atomic and count > self._limits.atomic_items:
            raise BatchTooLarge(
                f"{argument} has {count} items: at most {self._limits.atomic_items} fit into one "
                "atomic batch. Set options.atomic to false, or send less."
            )
