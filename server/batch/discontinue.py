"""`batchDiscontinueProducts` for the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.batch.operation import keys, sent_id
from server.domain.batch_operation import BatchOperationType
from server.domain.discontinue import (
    ARGUMENT,
    Discontinued,
    DiscontinueItem,
    DiscontinueOutcome,
    Unchanged,
    decide_discontinuations,
    discontinue_item,
    ledger_entry,
)
from server.domain.item_result import Input
from server.domain.outcome import Failed
from server.mongo.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Discontinue:
    """`batch_id` if the batch is stored."""

    batch_id: str | None = None
    type = BatchOperationType.DISCONTINUE_PRODUCTS
    name = "batchDiscontinueProducts"
    argument = ARGUMENT

    @property
    def settings(self) -> Mapping[str, Any]:
        return {}

    def item(self, index: int, sent: Input) -> DiscontinueItem:
        return discontinue_item(index, sent_id(sent))

    async def decide(
        self, transaction: Transaction, items: Sequence[DiscontinueItem], now: datetime
    ) -> Sequence[DiscontinueOutcome]:
        levels = await transaction.products.stock_levels(keys(items), now)
        return decide_discontinuations(items, levels)

    async def write(
        self,
        transaction: Transaction,
        items: Sequence[DiscontinueItem],  # noqa: ARG002 - failures leave no row here
        outcomes: Sequence[Discontinued | Unchanged | Failed],
        now: datetime,
    ) -> None:
        """The products that change, each with the row that takes its stock to 0."""
        changed = [outcome for outcome in outcomes if isinstance(outcome, Discontinued)]
        await transaction.products.discontinue([outcome.key for outcome in changed], now)
        entries = [ledger_entry(one) for one in changed]
        await transaction.stock_updates.record(entries, now, self.batch_id)
