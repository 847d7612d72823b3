"""What a batch of product updates reads and writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.domain.item_result import Input
from server.domain.outcome import Failed
from server.kinds.kind import product_keys, sent_id
from server.kinds.update_products.rules import (
    DATA,
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
    """Change fields of products; with `expire_in`, let them expire that long after the change."""

    expire_in: timedelta | None = None

    def item(self, index: int, sent: Input) -> UpdateItem:
        return update_item(index, sent_id(sent), sent_patch(sent.get(DATA)))

    async def decide(
        self, transaction: Transaction, items: Sequence[UpdateItem], now: datetime
    ) -> Sequence[UpdateOutcome]:
        products = await transaction.products.by_id(product_keys(items), now)
        return decide_updates(items, products, now=now, expires_at=self._expires_at(now))

    async def write(
        self,
        transaction: Transaction,
        items: Sequence[UpdateItem],  # noqa: ARG002 - failures leave no record here
        outcomes: Sequence[Updated | Failed],
        now: datetime,
    ) -> None:
        """Write the fields that change."""
        await transaction.products.patch(net_patches(outcomes), now, self._expires_at(now))

    def _expires_at(self, now: datetime) -> datetime | None:
        return now + self.expire_in if self.expire_in else None
