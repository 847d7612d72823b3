from collections.abc import Awaitable, Callable

import strawberry

from schema.limits.cost import ABOUT_ITEMS
from schema.types.item_error import FailedItem
from schema.types.product import Product
from server.domain.outcome import BatchOutcome

LoadProducts = Callable[[], Awaitable[list[Product]]]


@strawberry.type(
    description="The result of `batchDiscontinueProducts`. `updated` + `unchanged` + `failed` is the number of ids sent."
)
class BatchDiscontinueResult:
    outcome: BatchOutcome = strawberry.field(description="How much of the batch succeeded.")
    updated: int = strawberry.field(
        description="Number of products that this request discontinued."
    )
    unchanged: int = strawberry.field(
        description="Number of products that were discontinued already, which is not a failure."
    )
    failed: int = strawberry.field(description="Number of items that failed; `failures` says why.")
    failures: list[FailedItem] = strawberry.field(
        description="The items that failed, in input order."
    )
    load_products: strawberry.Private[LoadProducts]

    @strawberry.field(
        description="The products that are discontinued, as they are after the request, for the caches of clients: each once, in "
        f"input order. Empty for a dry run. {ABOUT_ITEMS}"
    )
    async def products(self) -> list[Product]:
        return await self.load_products()
