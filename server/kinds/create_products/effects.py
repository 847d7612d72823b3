"""What a batch of product creations reads and writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.domain.item_result import Input
from server.domain.outcome import Failed
from server.kinds.create_products.rules import (
    Created,
    CreateItem,
    CreateOutcome,
    create_item,
    decide_creations,
)
from server.kinds.kind import product_keys, sent_id
from server.mongo.transaction import Transaction


@dataclass(frozen=True, slots=True)
class CreateProducts:
    """Create products that expire after `expire_in`, or never if it is None."""

    expire_in: timedelta | None = None

    def item(self, index: int, sent: Input) -> CreateItem:
        return create_item(
            index,
            own_id=None if sent.get("id") is None else sent_id(sent, "id"),
            name=sent.get("name"),
            price=sent.get("price"),
            stock=sent.get("stock"),
            category=sent.get("category"),
            discontinued=sent.get("discontinued"),
        )

    async def decide(
        self, transaction: Transaction, items: Sequence[CreateItem], now: datetime
    ) -> Sequence[CreateOutcome]:
        in_use = await transaction.products.expiries(product_keys(items))
        return decide_creations(
            items,
            [transaction.products.new_id() for _ in items],
            in_use,
            now=now,
            expires_at=now + self.expire_in if self.expire_in else None,
        )

    async def write(
        self,
        transaction: Transaction,
        items: Sequence[CreateItem],  # noqa: ARG002 - failures leave no record here
        outcomes: Sequence[Created | Failed],
        now: datetime,  # noqa: ARG002 - it is in the outcomes
    ) -> None:
        """Insert the new products, after deleting expired ones whose ids they take."""
        created = [outcome for outcome in outcomes if isinstance(outcome, Created)]
        replaced = [outcome.product.id for outcome in created if outcome.replaces]
        rows = await transaction.ledger.counts(replaced)
        await transaction.ledger.delete_of(rows)
        await transaction.products.delete(replaced)
        await transaction.products.insert([outcome.product for outcome in created])
