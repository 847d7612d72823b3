from datetime import datetime

import strawberry

from server.domain.throughput import MOST_POINTS


@strawberry.type(description="How many items of a batch were processed in one interval of time.")
class ThroughputPoint:
    time: datetime = strawberry.field(description="End of the interval.")
    processed_items: int = strawberry.field(
        description="Number of items processed in the interval."
    )
    failed_items: int = strawberry.field(
        description="Number of these items that failed or were `CANCELLED`."
    )


@strawberry.type(
    description="The progress of a stored batch over time. A chunk counts when it is done; chunks that a server of version "
    "0.1.0 has done are in no interval."
)
class BatchThroughput:
    interval_ms: float = strawberry.field(
        description="Length of each interval, in milliseconds; 0 if there is none."
    )
    points: list[ThroughputPoint] = strawberry.field(
        description=f"The intervals from the start of the batch to its end, or to now, at most {MOST_POINTS}, without gaps. Empty before the "
        "batch starts."
    )
    items_per_second: float | None = strawberry.field(
        description="Average number of items processed per second over the last fifth of the intervals with the newest; null if the "
        "batch does not run, or if none was processed in them."
    )
    remaining_ms: float | None = strawberry.field(
        description="Estimated time until the batch ends, in milliseconds, if it goes on at `itemsPerSecond`; null if that is null."
    )
