"""`batchCreateProducts` for the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from server.batch.operation import keys, sent_id
from server.domain.batch_operation import BatchOperationType
from server.domain.create import (
    ARGUMENT,
    Created,
    CreateItem,
    CreateOutcome,
    create_item,
    decide_creations,
)
from server.domain.expiry import expiry_setting
from server.domain.item_result import Input
from server.domain.outcome import Failed
from server.mongo.transaction import Transaction


@dataclass(frozen=True, slots=True)
class CreateProducts:
    """`expire_in`: how long the products will last; None for ever."""

    expire_in: timedelta | None = None
    type = BatchOperationType.CREATE_PRODUCTS
    name = "batchCreateProducts"
    argument = ARGUMENT

    @property
    def settings(self) -> Mapping[str, Any]:
        return expiry_setting(self.expire_in)

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
        in_use = await transaction.products.expiries(keys(items))
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
        """The new products; first those go that have expired and whose ids they take."""
        created = [outcome for outcome in outcomes if isinstance(outcome, Created)]
        replaced = [one.product.id for one in created if one.replaces]
        rows = await transaction.stock_updates.counts(replaced)
        await transaction.stock_updates.delete_of(rows)
        await transaction.products.delete(replaced)
        await transaction.products.insert([one.product for one in created])
