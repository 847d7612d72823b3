import strawberry

from server.batches.stored.metrics import HIGH_FAILURE_RATE, SLOW_SECONDS, BatchAlertKind


@strawberry.type(
    description="What a batch's times and counts come to so far. Rates are of the items that have been processed."
)
class BatchMetrics:
    duration_ms: float | None = strawberry.field(
        description="Milliseconds from the submission to the end, or to now; never null."
    )
    avg_time_per_item_ms: float | None = strawberry.field(
        description="Milliseconds: `durationMs` divided by the items processed; null if there are none."
    )
    success_rate: float | None = strawberry.field(
        description="The part of the items processed that succeeded, 0 to 1; null if there are none."
    )
    failure_rate: float | None = strawberry.field(
        description="The part of the items processed that failed, 0 to 1; null if there are none."
    )
    items_per_second: float | None = strawberry.field(
        description="Items processed in a second of `durationMs`, on average; null if there are none, or if "
        "`durationMs` is 0."
    )


@strawberry.type(description="Something about a batch that somebody should look into.")
class BatchAlert:
    kind: BatchAlertKind = strawberry.field(
        description=f"For programs: over {SLOW_SECONDS} s, or over {HIGH_FAILURE_RATE:.0%} of all items failed, of "
        "a batch that was not cancelled."
    )
    message: str = strawberry.field(description="For people, with the numbers.")
