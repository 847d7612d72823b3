from collections.abc import Awaitable, Callable
from datetime import datetime

import strawberry

from schema.types.product import Product
from server.domain.item_error import ItemErrorCode
from server.domain.stock_update import StockUpdateReason, StockUpdateStatus
from server.domain.whole_number import MAX_INT


@strawberry.type(
    description="A row of the ledger: what was asked of a product's stock, and what came of it. A product's "
    "stock is its stock at creation plus the quantities of its applied updates."
)
class StockUpdate:
    id: strawberry.ID = strawberry.field(description="24 hexadecimal characters.")
    product_id: strawberry.ID = strawberry.field(
        description="The id of the product it names, which need not exist."
    )
    quantity: int = strawberry.field(
        description=f"The pieces that were to be added to the stock, {-MAX_INT} to {MAX_INT}; 0 if what was sent is no such number, "
        "and then `error` says so."
    )
    timestamp: datetime = strawberry.field(
        description="When it was decided; while it is `PENDING`, when it was sent."
    )
    status: StockUpdateStatus = strawberry.field(description="What came of it.")
    error: str | None = strawberry.field(description="Why it failed; null if it did not.")
    code: ItemErrorCode | None = strawberry.field(
        description="Why it failed, for programs; null if it did not."
    )
    reason: StockUpdateReason = strawberry.field(description="What it came from.")
    new_stock: int | None = strawberry.field(
        description="The stock after it, in pieces; null if it was not applied."
    )
    batch_id: strawberry.ID | None = strawberry.field(
        description="The id of the stored batch it belongs to; null if none."
    )
    load_product: strawberry.Private[Callable[[], Awaitable[Product | None]]]

    @strawberry.field(description="The product; null if there is none.")
    async def product(self) -> Product | None:
        return await self.load_product()
