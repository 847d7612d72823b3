import strawberry

from schema.types.item_error import FailedItem, NotFoundItem
from schema.types.product import Product
from server.domain.outcome import BatchOutcome


@strawberry.type(description="`updated` + `notFound` + `failed` is `total`.")
class BatchUpdateStats:
    total: int = strawberry.field(description="Updates sent.")
    updated: int = strawberry.field(description="Updates that took effect.")
    not_found: int = strawberry.field(description="Updates of products that do not exist.")
    failed: int = strawberry.field(
        description="The others, those included that are `ROLLED_BACK` or `NOT_ATTEMPTED`."
    )


@strawberry.type(description="What came of updating products.")
class BatchUpdateResult:
    outcome: BatchOutcome = strawberry.field(description="How much of the batch succeeded.")
    updated: list[Product] = strawberry.field(
        description="Each product as its update left it, in input order. Empty if the outcome is `PARTIAL` and "
        "`returnPartialResults` is not true; `stats.updated` counts them all the same."
    )
    not_found: list[NotFoundItem] = strawberry.field(
        description="Updates of products that do not exist, in input order."
    )
    failed: list[FailedItem] = strawberry.field(
        description="Updates that failed otherwise, in input order."
    )
    stats: BatchUpdateStats = strawberry.field(description="The same as counts.")
