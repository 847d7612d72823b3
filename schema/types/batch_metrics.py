import strawberry

from server.domain.batch_metrics import HIGH_FAILURE_RATE, SLOW_SECONDS, BatchAlertKind


@strawberry.type(
    description="What a batch's times and counts come to so far. Rates are of the items that have been processed."
)
class BatchMetrics:
    duration_ms: float | None = strawberry.field(
        description="Milliseconds from the submission to the end, or to now."
    )
    avg_time_per_item_ms: float | None = strawberry.field(
        description="`durationMs` by items processed; null if there are none."
    )
    success_rate: float | None = strawberry.field(
        description="0 to 1: how many of the items processed succeeded; null if there are none."
    )
    failure_rate: float | None = strawberry.field(
        description="0 to 1: how many of the items processed failed; null if there are none."
    )
    items_per_second: float | None = strawberry.field(
        description="Items processed by `durationMs`; null if there are none."
    )


@strawberry.type(description="Something about a batch that somebody should look into.")
class BatchAlert:
    kind: BatchAlertKind = strawberry.field(
        description=f"For programs: over {SLOW_SECONDS} s, or over {HIGH_FAILURE_RATE:.0%} of the items failed."
    )
    message: str = strawberry.field(description="For people, with the numbers.")
