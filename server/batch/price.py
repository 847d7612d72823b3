"""`updatePrice` for the engine: one new price for many products."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.batch.operation import keys, sent_id
from server.domain.batch_operation import BatchOperationType
from server.domain.item_result import Input
from server.domain.outcome import Failed
from server.domain.price import (
    ARGUMENT,
    Priced,
    PriceItem,
    PriceOutcome,
    decide_prices,
    price_item,
)
from server.domain.update import Patch
from server.mongo.transaction import Transaction


@dataclass(frozen=True, slots=True)
class UpdatePrice:
    """`new_price` is in whole cents."""

    new_price: int
    type = BatchOperationType.UPDATE_PRICE
    name = "updatePrice"
    argument = ARGUMENT

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"newPrice": self.new_price}

    def item(self, index: int, sent: Input) -> PriceItem:
        return price_item(index, sent_id(sent))

    async def decide(
        self, transaction: Transaction, items: Sequence[PriceItem], now: datetime
    ) -> Sequence[PriceOutcome]:
        levels = await transaction.products.stock_levels(keys(items), now)
        return decide_prices(items, levels, self.new_price)

    async def write(
        self,
        transaction: Transaction,
        items: Sequence[PriceItem],  # noqa: ARG002 - failures leave no record here
        outcomes: Sequence[Priced | Failed],
        now: datetime,
    ) -> None:
        """The new price, with one write for all products."""
        patches = {one.key: Patch(price=one.price) for one in outcomes if isinstance(one, Priced)}
        await transaction.products.patch(patches, now, None)
