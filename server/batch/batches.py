"""The use cases: what a caller can have done to many products at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from server.batch.discontinue import Discontinue
from server.batch.engine import Engine
from server.batch.operation import Item, Operation
from server.batch.stock import UpdateStock
from server.domain.discontinue import DiscontinueItem, DiscontinueOutcome
from server.domain.errors import BatchTooLarge
from server.domain.options import BatchOptions
from server.domain.outcome import Failed, Outcome
from server.domain.stock import StockItem, StockOutcome

ItemT = TypeVar("ItemT", bound=Item)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many items a batch may have: in general, and as one atomic transaction."""

    items: int = 10_000
    atomic_items: int = 5_000


class Batches:
    """All methods answer every item, in input order, or raise `BatchTooLarge` with nothing done."""

    def __init__(self, engine: Engine, limits: Limits) -> None:
        self._engine = engine
        self._limits = limits

    async def update_stock(
        self, items: Sequence[StockItem], options: BatchOptions
    ) -> list[StockOutcome]:
        """Add each quantity to its product's stock, and leave a row in the ledger for each."""
        return await self._run(UpdateStock(), items, options)

    async def discontinue(
        self, items: Sequence[DiscontinueItem], options: BatchOptions
    ) -> list[DiscontinueOutcome]:
        """Mark the products as discontinued and take their stock to 0."""
        return await self._run(Discontinue(), items, options)

    async def _run(
        self, operation: Operation[ItemT, OutcomeT], items: Sequence[ItemT], options: BatchOptions
    ) -> list[OutcomeT | Failed]:
        self._check_size(operation.argument, len(items), options)
        return await self._engine.run(operation, items, options)

    def _check_size(self, argument: str, count: int, options: BatchOptions) -> None:
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
