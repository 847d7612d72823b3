"""What a batch's times and counts say about it (seed 3, “Monitoring Async Execution”)."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from server.domain.batch_progress import BatchProgress
from server.domain.batch_state import BatchState

SLOW_SECONDS = 120
HIGH_FAILURE_RATE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMetrics:
    """Times and rates of the items that have been processed so far; None if there are none.

    `duration_ms` is the time from the submission to the end, or to now.
    """

    duration_ms: float
    avg_time_per_item_ms: float | None
    success_rate: float | None
    failure_rate: float | None
    items_per_second: float | None


class BatchAlertKind(Enum):
    """The alerts of seed 3."""

    SLOW = "SLOW"
    HIGH_FAILURE_RATE = "HIGH_FAILURE_RATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAlert:
    """Something about a batch that an operator should look into."""

    kind: BatchAlertKind
    message: str


def batch_metrics(batch: BatchProgress, now: datetime) -> BatchMetrics:
    """Return the metrics of the batch as it stands at `now`."""
    seconds = _seconds(batch, now)
    done = batch.processed_items
    return BatchMetrics(
        duration_ms=seconds * 1000,
        avg_time_per_item_ms=seconds * 1000 / done if done else None,
        success_rate=batch.success_count / done if done else None,
        failure_rate=batch.failure_count / done if done else None,
        items_per_second=done / seconds if done and seconds else None,
    )


def batch_alerts(batch: BatchProgress, now: datetime) -> list[BatchAlert]:
    """Return the alerts of the batch. Cancelled items do not count as a high failure rate."""
    alerts: list[BatchAlert] = []
    seconds = _seconds(batch, now)
    if seconds > SLOW_SECONDS:
        message = f"Over {SLOW_SECONDS} s: {seconds:.0f} s for {batch.total_items} items."
        alerts.append(BatchAlert(kind=BatchAlertKind.SLOW, message=message))
    was_cancelled = batch.state is BatchState.CANCELLED
    if batch.failure_count > HIGH_FAILURE_RATE * batch.total_items and not was_cancelled:
        rate = batch.failure_count / batch.total_items
        message = f"{rate:.0%} of the items failed: {batch.failure_count} of {batch.total_items}."
        alerts.append(BatchAlert(kind=BatchAlertKind.HIGH_FAILURE_RATE, message=message))
    return alerts


def _seconds(batch: BatchProgress, now: datetime) -> float:
    return max(0.0, ((batch.completed_at or now) - batch.created_at).total_seconds())
