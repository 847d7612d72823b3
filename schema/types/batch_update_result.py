import strawberry

from schema.types.item_error import FailedItem, NotFoundItem
from schema.types.product import Product
from server.domain.outcome import BatchOutcome


@strawberry.type(
    description="The counts of a `batchUpdateProducts` request. `updated` + `notFound` + `failed` is `total`."
)
class BatchUpdateStats:
    total: int = strawberry.field(description="Number of items sent.")
    updated: int = strawberry.field(description="Number of updates that took effect.")
    not_found: int = strawberry.field(description="Number of updates whose product does not exist.")
    failed: int = strawberry.field(
        description="Number of updates that failed otherwise, including those with `ROLLED_BACK` or `NOT_ATTEMPTED`."
    )


@strawberry.type(description="The result of `batchUpdateProducts`.")
class BatchUpdateResult:
    outcome: BatchOutcome = strawberry.field(description="How much of the batch succeeded.")
    updated: list[Product] = strawberry.field(
        description="The updated products, each as its update left it, in input order. Empty if the outcome is `PARTIAL` and "
        "`returnPartialResults` is not true; `stats.updated` counts them all the same."
    )
    not_found: list[NotFoundItem] = strawberry.field(
        description="The updates whose product does not exist, in input order."
    )
    failed: list[FailedItem] = strawberry.field(
        description="The updates that failed otherwise, in input order."
    )
    stats: BatchUpdateStats = strawberry.field(description="The number of items by result.")
