"""`batchDeleteProducts` for the engine."""

from collections.abc import Sequence
from datetime import datetime

from server.batch.operation import keys
from server.domain.delete import ARGUMENT, Deleted, DeleteItem, DeleteOutcome, decide_deletions
from server.domain.outcome import Failed
from server.mongo.transaction import Transaction


class DeleteProducts:
    name = "batchDeleteProducts"
    argument = ARGUMENT

    async def decide(
        self, transaction: Transaction, items: Sequence[DeleteItem], now: datetime
    ) -> Sequence[DeleteOutcome]:
        products = await transaction.products.by_id(keys(items), now)
        rows = await transaction.stock_updates.counts(products)
        return decide_deletions(items, products, rows)

    async def write(
        self,
        transaction: Transaction,
        items: Sequence[DeleteItem],  # noqa: ARG002 - failures leave no record here
        outcomes: Sequence[Deleted | Failed],
        now: datetime,  # noqa: ARG002 - nothing is left that could hold it
    ) -> None:
        """The products, and the rows of those that have some."""
        deleted = [outcome for outcome in outcomes if isinstance(outcome, Deleted)]
        await transaction.stock_updates.delete_of(
            {one.product.id: one.cascaded for one in deleted if one.cascaded}
        )
        await transaction.products.delete([one.product.id for one in deleted])
