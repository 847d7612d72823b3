import strawberry

from schema.types.item_error import FailedItem
from server.domain.outcome import BatchOutcome


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
