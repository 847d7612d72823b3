"""`batchUpdateStock` for the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.batch.operation import keys, sent_id
from server.domain.batch_operation import BatchOperationType
from server.domain.item_result import Input
from server.domain.outcome import Failed
from server.domain.stock import (
    ARGUMENT,
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
    """`batch_id` if the batch is stored; `has_rows` if its rows are in the ledger already."""

    batch_id: str | None = None
    has_rows: bool = False
    type = BatchOperationType.UPDATE_STOCK
    name = "batchUpdateStock"
    argument = ARGUMENT

    @property
    def settings(self) -> Mapping[str, Any]:
        return {}

    def item(self, index: int, sent: Input) -> StockItem:
        quantity, expected_stock = sent.get("quantity"), sent.get("expectedStock")
        return stock_item(index, sent_id(sent), quantity, expected_stock)

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
        if self.batch_id and self.has_rows:
            await transaction.stock_updates.settle(self.batch_id, entries, now)
        else:
            await transaction.stock_updates.record(entries, now, self.batch_id)
