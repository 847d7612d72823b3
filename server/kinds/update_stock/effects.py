"""What a batch of stock updates reads and writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain.item_result import Input
from server.domain.outcome import Failed
from server.kinds.kind import Origin, product_keys, sent_id
from server.kinds.update_stock.rules import (
    Applied,
    StockItem,
    StockOutcome,
    decide_stock_updates,
    ledger_entry,
    net_changes,
    stock_item,
)
from server.mongo.transaction import Transaction


@dataclass(frozen=True, slots=True)
class UpdateStock:
    """Change stocks.

    `origin` says whose the ledger rows are, and ties them to a stored batch.
    """

    origin: Origin

    def item(self, index: int, sent: Input) -> StockItem:
        return stock_item(
            index,
            sent_id(sent),
            sent.get("quantity"),
            sent.get("expectedStock"),
            created_by=self.origin.created_by,
        )

    async def decide(
        self, transaction: Transaction, items: Sequence[StockItem], now: datetime
    ) -> Sequence[StockOutcome]:
        levels = await transaction.products.stock_levels(product_keys(items), now)
        return decide_stock_updates(items, levels)

    async def write(
        self,
        transaction: Transaction,
        items: Sequence[StockItem],
        outcomes: Sequence[Applied | Failed],
        now: datetime,
    ) -> None:
        """Write the new stocks, and a row for every item that names a product."""
        await transaction.products.change_stock(net_changes(outcomes), now)
        entries = [
            ledger_entry(item, outcome)
            for item, outcome in zip(items, outcomes, strict=True)
            if item.key
        ]
        stored = self.origin.stored
        if stored is None:
            await transaction.ledger.record(entries, now)
        elif stored.are_stored:
            await transaction.ledger.settle(stored.batch_id, entries, now)
        else:
            await transaction.ledger.record(entries, now, stored.batch_id, stored.first_row)
