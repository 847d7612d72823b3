import strawberry

from schema.types.item_error import FailedItem
from server.domain.outcome import BatchOutcome


@strawberry.type(
    description="What came of discontinuing products: `updated` + `unchanged` + `failed` is the number of ids sent."
)
class BatchDiscontinueResult:
    outcome: BatchOutcome = strawberry.field(description="How much of the batch succeeded.")
    updated: int = strawberry.field(description="Products that this request discontinued.")
    unchanged: int = strawberry.field(
        description="Products that were discontinued already, which is no failure."
    )
    failed: int = strawberry.field(description="Ids that failed; `failures` says why.")
    failures: list[FailedItem] = strawberry.field(description="The failed ones, in input order.")
