"""`batchDeleteProducts` for the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.batch.operation import keys, sent_id
from server.domain.batch_operation import BatchOperationType
from server.domain.delete import (
    ARGUMENT,
    Deleted,
    DeleteItem,
    DeleteOutcome,
    decide_deletions,
    delete_item,
)
from server.domain.item_result import Input
from server.domain.outcome import Failed
from server.mongo.transaction import Transaction


@dataclass(frozen=True, slots=True)
class DeleteProducts:
    """`cascade`: the rows of every product of a stored batch go with it."""

    cascade: bool = False
    type = BatchOperationType.DELETE_PRODUCTS
    name = "batchDeleteProducts"
    argument = ARGUMENT

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"cascadeDelete": self.cascade}

    def item(self, index: int, sent: Input) -> DeleteItem:
        own = sent.get("cascadeDelete")
        return delete_item(index, sent_id(sent), cascade=self.cascade, own_cascade=own)

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
