from collections.abc import Awaitable, Callable
from datetime import datetime

import strawberry

from schema.types.product import Product
from server.domain.item_error import ItemErrorCode
from server.domain.stock_update import StockUpdateReason, StockUpdateStatus
from server.domain.whole_number import MAX_INT


@strawberry.type(
    description="A row of the ledger: a requested change of a product's stock, and its result. The stock of a product is its "
    "stock at creation plus the quantities of its applied updates."
)
class StockUpdate:
    id: strawberry.ID = strawberry.field(description="Id of the row: 24 hexadecimal characters.")
    product_id: strawberry.ID = strawberry.field(
        description="Id of the product, which need not exist."
    )
    quantity: int = strawberry.field(
        description=f"Number of pieces to add to the stock, {-MAX_INT} to {MAX_INT}; 0 if the value that was sent is no such number, "
        "and then `error` says so."
    )
    timestamp: datetime = strawberry.field(
        description="When the update was applied or failed; while it is `PENDING`, when it was sent."
    )
    status: StockUpdateStatus = strawberry.field(description="State of the update.")
    error: str | None = strawberry.field(
        description="Reason why the update failed, for people; null if it has not failed."
    )
    code: ItemErrorCode | None = strawberry.field(
        description="Reason why the update failed, for programs; null if it has not failed."
    )
    reason: StockUpdateReason = strawberry.field(description="Cause of the update.")
    new_stock: int | None = strawberry.field(
        description="Stock after the update, in pieces; null if it was not applied."
    )
    batch_id: strawberry.ID | None = strawberry.field(
        description="Id of the stored batch that the update belongs to; null if it belongs to none."
    )
    created_by: str | None = strawberry.field(
        description="Caller that sent the update: the name of its API key, or issuer and subject of its token; `anonymous` if the "
        "server does not tell callers apart; null for an update from before that was noted."
    )
    load_product: strawberry.Private[Callable[[], Awaitable[Product | None]]]

    @strawberry.field(description="The product of the update; null if it does not exist.")
    async def product(self) -> Product | None:
        return await self.load_product()
