"""What a batch of discontinuations reads and writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain.item_result import Input
from server.domain.outcome import Failed
from server.kinds.discontinue_products.rules import (
    Discontinued,
    DiscontinueItem,
    DiscontinueOutcome,
    Unchanged,
    decide_discontinuations,
    discontinue_item,
    ledger_entry,
)
from server.kinds.kind import Origin, product_keys, sent_id
from server.mongo.transaction import Transaction


@dataclass(frozen=True, slots=True)
class DiscontinueProducts:
    """Discontinue products.

    `origin` says whose the ledger rows are, and ties them to a stored batch.
    """

    origin: Origin

    def item(self, index: int, sent: Input) -> DiscontinueItem:
        return discontinue_item(index, sent_id(sent), created_by=self.origin.created_by)

    async def decide(
        self, transaction: Transaction, items: Sequence[DiscontinueItem], now: datetime
    ) -> Sequence[DiscontinueOutcome]:
        levels = await transaction.products.stock_levels(product_keys(items), now)
        return decide_discontinuations(items, levels)

    async def write(
        self,
        transaction: Transaction,
        items: Sequence[DiscontinueItem],
        outcomes: Sequence[Discontinued | Unchanged | Failed],
        now: datetime,
    ) -> None:
        """Write the products that change, each with the row that takes its stock to 0."""
        entries = [
            ledger_entry(outcome, item.created_by)
            for item, outcome in zip(items, outcomes, strict=True)
            if isinstance(outcome, Discontinued)
        ]
        await transaction.products.discontinue([entry.product_id for entry in entries], now)
        stored = self.origin.stored
        await transaction.ledger.record(entries, now, stored.batch_id if stored else None)
