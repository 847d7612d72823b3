import strawberry

from schema.types.item_error import FailedItem, NotFoundItem
from schema.types.product import Product
from server.domain.outcome import BatchOutcome


@strawberry.type(
    description="The counts of a `batchDeleteProducts` request. `deleted` + `notFound` + `failed` is `total`."
)
class BatchDeleteStats:
    total: int = strawberry.field(description="Number of items sent.")
    deleted: int = strawberry.field(description="Number of products that were deleted.")
    not_found: int = strawberry.field(
        description="Number of items whose product does not exist, or does not exist any more."
    )
    failed: int = strawberry.field(
        description="Number of items that failed otherwise, including those with `ROLLED_BACK` or `NOT_ATTEMPTED`."
    )
    cascaded: int = strawberry.field(
        description="Number of ledger rows (`stockUpdates`) that were deleted with their products. Updates that wait in a "
        "background batch are not among them."
    )


@strawberry.type(description="The result of `batchDeleteProducts`.")
class BatchDeleteResult:
    outcome: BatchOutcome = strawberry.field(description="How much of the batch succeeded.")
    deleted: list[Product] = strawberry.field(
        description="The deleted products as they were before, in input order. Empty unless `returnDeletedItems` is true; if "
        "the outcome is `PARTIAL`, `returnPartialResults` must be true as well."
    )
    deleted_count: int = strawberry.field(
        description="Number of products that were deleted, as in `stats.deleted`."
    )
    not_found: list[NotFoundItem] = strawberry.field(
        description="The items whose product does not exist, in input order. If two items name one product and the first "
        "deletes it, the second is among these."
    )
    failed: list[FailedItem] = strawberry.field(
        description="The items that failed otherwise, in input order."
    )
    stats: BatchDeleteStats = strawberry.field(description="The number of items by result.")
