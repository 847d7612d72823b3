"""`batchUpdateStock` for the engine."""

from collections.abc import Sequence
from datetime import datetime

from server.batch.operation import keys
from server.domain.outcome import Failed
from server.domain.stock import (
    ARGUMENT,
    Applied,
    StockItem,
    StockOutcome,
    decide_stock_updates,
    ledger_entry,
    net_changes,
)
from server.mongo.transaction import Transaction


class UpdateStock:
    name = "batchUpdateStock"
    argument = ARGUMENT

    async def decide(
        self, transaction: Transaction, items: Sequence[StockItem], now: datetime
    ) -> Sequence[StockOutcome]:
        levels = await transaction.products.stock_levels(keys(items), now)
        return decide_stock_updates(items, levels)

    async def write(
        self,
        transaction: Transaction,
        items: Sequence[StockItem],
        outcomes: Sequence[Applied | Failed],
        now: datetime,
    ) -> None:
        """The products that change, and a row for every item that names a product."""
        await transaction.products.change_stock(net_changes(outcomes), now)
        entries = [
            ledger_entry(item, outcome)
            for item, outcome in zip(items, outcomes, strict=True)
            if item.key
        ]
        await transaction.stock_updates.record(entries, now)
