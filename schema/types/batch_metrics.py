import strawberry

from server.batches.stored.metrics import HIGH_FAILURE_RATE, SLOW_SECONDS, BatchAlertKind

_NONE_PROCESSED = "null if no item has been processed"


@strawberry.type(
    description="The duration and the rates of a stored batch so far. All rates refer to the items that have been processed so far."
)
class BatchMetrics:
    duration_ms: float | None = strawberry.field(
        description="Time from the submission to the end of the batch, or to now, in milliseconds; never null."
    )
    avg_time_per_item_ms: float | None = strawberry.field(
        description="Average time per processed item, in milliseconds: `durationMs` divided by `processedItems`; "
        f"{_NONE_PROCESSED}."
    )
    success_rate: float | None = strawberry.field(
        description=f"Share of the processed items that succeeded, 0 to 1; {_NONE_PROCESSED}."
    )
    failure_rate: float | None = strawberry.field(
        description=f"Share of the processed items that failed, 0 to 1; {_NONE_PROCESSED}."
    )
    items_per_second: float | None = strawberry.field(
        description="Average number of items processed per second of `durationMs`; "
        f"{_NONE_PROCESSED}, or if `durationMs` is 0."
    )


@strawberry.type(description="A warning about a stored batch that needs attention.")
class BatchAlert:
    kind: BatchAlertKind = strawberry.field(
        description=f"Kind of the alert, for programs: the batch took over {SLOW_SECONDS} s, or over {HIGH_FAILURE_RATE:.0%} "
        "of all its items failed and it was not cancelled."
    )
    message: str = strawberry.field(description="The alert in words, with its numbers, for people.")
