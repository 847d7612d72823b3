import strawberry

from schema.types.item_error import FailedItem
from schema.types.product import Product
from server.domain.outcome import BatchOutcome


@strawberry.type(
    description="The counts of a `batchCreateProducts` request. `created` + `failed` is `total`."
)
class BatchCreateStats:
    total: int = strawberry.field(description="Number of items sent.")
    created: int = strawberry.field(description="Number of products that were created.")
    failed: int = strawberry.field(
        description="Number of products that were not created, including those with `ROLLED_BACK` or `NOT_ATTEMPTED`."
    )


@strawberry.type(description="The result of `batchCreateProducts`.")
class BatchCreateResult:
    outcome: BatchOutcome = strawberry.field(description="How much of the batch succeeded.")
    created: list[Product] = strawberry.field(
        description="The created products, in input order. Empty if the outcome is `PARTIAL` and `returnPartialResults` is "
        "not true; `stats.created` counts them all the same."
    )
    failed: list[FailedItem] = strawberry.field(
        description="The items that failed, in input order."
    )
    stats: BatchCreateStats = strawberry.field(description="The number of items by result.")
