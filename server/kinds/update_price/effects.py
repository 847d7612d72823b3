"""What a batch of price updates reads and writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain.item_result import Input
from server.domain.outcome import Failed
from server.domain.product import ProductPatch
from server.kinds.kind import product_keys, sent_id
from server.kinds.update_price.rules import (
    Priced,
    PriceItem,
    PriceOutcome,
    decide_prices,
    price_item,
)
from server.mongo.transaction import Transaction


@dataclass(frozen=True, slots=True)
class UpdatePrice:
    """Give all products `new_price`, in whole cents."""

    new_price: int

    def item(self, index: int, sent: Input) -> PriceItem:
        return price_item(index, sent_id(sent))

    async def decide(
        self, transaction: Transaction, items: Sequence[PriceItem], now: datetime
    ) -> Sequence[PriceOutcome]:
        levels = await transaction.products.stock_levels(product_keys(items), now)
        return decide_prices(items, levels, self.new_price)

    async def write(
        self,
        transaction: Transaction,
        items: Sequence[PriceItem],  # noqa: ARG002 - failures leave no record here
        outcomes: Sequence[Priced | Failed],
        now: datetime,
    ) -> None:
        """Write the new price, with one command for all products."""
        patches = {
            outcome.key: ProductPatch(price=outcome.price)
            for outcome in outcomes
            if isinstance(outcome, Priced)
        }
        await transaction.products.patch(patches, now, None)
