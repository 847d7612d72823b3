"""`batchDiscontinueProducts` for the engine."""

from collections.abc import Sequence
from datetime import datetime

from server.batch.operation import keys
from server.domain.discontinue import (
    ARGUMENT,
    Discontinued,
    DiscontinueItem,
    DiscontinueOutcome,
    Unchanged,
    decide_discontinuations,
    ledger_entry,
)
from server.domain.outcome import Failed
from server.mongo.transaction import Transaction


class Discontinue:
    name = "batchDiscontinueProducts"
    argument = ARGUMENT

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
        await transaction.stock_updates.record([ledger_entry(one) for one in changed], now)
