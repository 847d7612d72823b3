"""What a batch of product deletions reads and writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain.item_result import Input
from server.domain.outcome import Failed
from server.kinds.delete_products.rules import (
    Deleted,
    DeleteItem,
    DeleteOutcome,
    decide_deletions,
    delete_item,
)
from server.kinds.kind import product_keys, sent_id
from server.kinds.kind_option import CASCADE_DELETE
from server.mongo.transaction import Transaction


@dataclass(frozen=True, slots=True)
class DeleteProducts:
    """Delete products; with `cascade`, also the ledger rows of all of them."""

    cascade: bool = False

    def item(self, index: int, sent: Input) -> DeleteItem:
        own_cascade = sent.get(CASCADE_DELETE)
        return delete_item(index, sent_id(sent), cascade=self.cascade, own_cascade=own_cascade)

    async def decide(
        self, transaction: Transaction, items: Sequence[DeleteItem], now: datetime
    ) -> Sequence[DeleteOutcome]:
        products = await transaction.products.by_id(product_keys(items), now)
        rows = await transaction.ledger.counts(products)
        kept = {item.key for item in items if not item.cascade}.intersection(products)
        waiting = await transaction.waiting_chunks.rows_of_products(kept)
        return decide_deletions(items, products, rows, waiting)

    async def write(
        self,
        transaction: Transaction,
        items: Sequence[DeleteItem],  # noqa: ARG002 - failures leave no record here
        outcomes: Sequence[Deleted | Failed],
        now: datetime,  # noqa: ARG002 - a deleted product has no time
    ) -> None:
        """Delete the products, and their ledger rows if they have some."""
        deleted = [outcome for outcome in outcomes if isinstance(outcome, Deleted)]
        await transaction.ledger.delete_of(
            {outcome.product.id: outcome.cascaded for outcome in deleted if outcome.cascaded}
        )
        await transaction.products.delete([outcome.product.id for outcome in deleted])
