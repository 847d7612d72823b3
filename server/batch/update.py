"""`batchUpdateProducts` for the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from server.batch.operation import keys, sent_id
from server.domain.batch_operation import BatchOperationType
from server.domain.expiry import expiry_setting
from server.domain.item_result import Input
from server.domain.outcome import Failed
from server.domain.update import (
    ARGUMENT,
    Updated,
    UpdateItem,
    UpdateOutcome,
    decide_updates,
    net_patches,
    sent_patch,
    update_item,
)
from server.mongo.transaction import Transaction


@dataclass(frozen=True, slots=True)
class UpdateProducts:
    """`expire_in`: how long the products will last from now on; None for as long as before."""

    expire_in: timedelta | None = None
    type = BatchOperationType.UPDATE_PRODUCTS
    name = "batchUpdateProducts"
    argument = ARGUMENT

    @property
    def settings(self) -> Mapping[str, Any]:
        return expiry_setting(self.expire_in)

    def item(self, index: int, sent: Input) -> UpdateItem:
        return update_item(index, sent_id(sent), sent_patch(sent.get("data")))

    async def decide(
        self, transaction: Transaction, items: Sequence[UpdateItem], now: datetime
    ) -> Sequence[UpdateOutcome]:
        products = await transaction.products.by_id(keys(items), now)
        return decide_updates(items, products, now=now, expires_at=self._expires_at(now))

    async def write(
        self,
        transaction: Transaction,
        items: Sequence[UpdateItem],  # noqa: ARG002 - failures leave no record here
        outcomes: Sequence[Updated | Failed],
        now: datetime,
    ) -> None:
        """The fields that change."""
        await transaction.products.patch(net_patches(outcomes), now, self._expires_at(now))

    def _expires_at(self, now: datetime) -> datetime | None:
        return now + self.expire_in if self.expire_in else None
