import strawberry

from schema.types.item_error import FailedItem
from schema.types.product import Product
from server.domain.outcome import BatchOutcome


@strawberry.type(description="`created` + `failed` is `total`.")
class BatchCreateStats:
    total: int = strawberry.field(description="Products sent.")
    created: int = strawberry.field(description="Products that are there now.")
    failed: int = strawberry.field(
        description="Products that are not, those included that are `ROLLED_BACK` or `NOT_ATTEMPTED`."
    )


@strawberry.type(description="What came of creating products.")
class BatchCreateResult:
    outcome: BatchOutcome = strawberry.field(description="How much of the batch succeeded.")
    created: list[Product] = strawberry.field(
        description="The new products, in input order. Empty if the outcome is `PARTIAL` and "
        "`returnPartialResults` is not true; `stats.created` counts them all the same."
    )
    failed: list[FailedItem] = strawberry.field(description="The others, in input order.")
    stats: BatchCreateStats = strawberry.field(description="The same as counts.")
