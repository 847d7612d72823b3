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
from server.kinds.kind import StoredRows, product_keys, sent_id
from server.mongo.transaction import Transaction


@dataclass(frozen=True, slots=True)
class DiscontinueProducts:
    """Discontinue products.

    `rows` ties the ledger rows to a stored batch; None if it is not stored.
    """

    rows: StoredRows | None = None

    def item(self, index: int, sent: Input) -> DiscontinueItem:
        return discontinue_item(index, sent_id(sent))

    async def decide(
        self, transaction: Transaction, items: Sequence[DiscontinueItem], now: datetime
    ) -> Sequence[DiscontinueOutcome]:
        levels = await transaction.products.stock_levels(product_keys(items), now)
        return decide_discontinuations(items, levels)

    async def write(
        self,
        transaction: Transaction,
        items: Sequence[DiscontinueItem],  # noqa: ARG002 - failures leave no row here
        outcomes: Sequence[Discontinued | Unchanged | Failed],
        now: datetime,
    ) -> None:
        """Write the products that change, each with the row that takes its stock to 0."""
        changed = [outcome for outcome in outcomes if isinstance(outcome, Discontinued)]
        await transaction.products.discontinue([outcome.key for outcome in changed], now)
        entries = [ledger_entry(outcome) for outcome in changed]
        await transaction.ledger.record(entries, now, self.rows.batch_id if self.rows else None)
