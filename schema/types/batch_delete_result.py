import strawberry

from schema.types.item_error import FailedItem, NotFoundItem
from schema.types.product import Product
from server.domain.outcome import BatchOutcome


@strawberry.type(description="`deleted` + `notFound` + `failed` is `total`.")
class BatchDeleteStats:
    total: int = strawberry.field(description="Products named.")
    deleted: int = strawberry.field(description="Products that are gone.")
    not_found: int = strawberry.field(
        description="Mentions of products that do not exist, or not any more."
    )
    failed: int = strawberry.field(
        description="The others, those included that are `ROLLED_BACK` or `NOT_ATTEMPTED`."
    )
    cascaded: int = strawberry.field(
        description="Rows of `stockUpdates` that went with the deleted products."
    )


@strawberry.type(description="What came of deleting products.")
class BatchDeleteResult:
    outcome: BatchOutcome = strawberry.field(description="How much of the batch succeeded.")
    deleted: list[Product] = strawberry.field(
        description="The products as they were, in input order. Empty unless `returnDeletedItems` is true; if the "
        "outcome is `PARTIAL`, `returnPartialResults` has to be true as well."
    )
    deleted_count: int = strawberry.field(description="The same as `stats.deleted`.")
    not_found: list[NotFoundItem] = strawberry.field(
        description="Products that do not exist, in input order. The second mention of a deleted product is "
        "one of them."
    )
    failed: list[FailedItem] = strawberry.field(
        description="Products that failed otherwise, in input order."
    )
    stats: BatchDeleteStats = strawberry.field(description="The same as counts.")
