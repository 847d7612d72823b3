"""Compute a batch's metrics and alerts from its times and counts, up to every boundary."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.batches.stored.metrics import BatchAlertKind, BatchMetrics, batch_alerts, batch_metrics
from server.domain.batch_progress import BatchProgress
from server.domain.batch_state import BatchState

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def operation(success: int, failure: int, **fields: Any) -> BatchProgress:
    values: dict[str, Any] = {
        "id": "a" * 24,
        "kind": "updateStock",
        "state": BatchState.PROCESSING,
        "total_items": 10,
        "created_by": "anonymous",
        "created_at": NOON,
        "started_at": None,
        "completed_at": None,
        "error": None,
        "retry_of": None,
        "publication": None,
    }
    return BatchProgress(success_count=success, failure_count=failure, **(values | fields))


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def kinds(batch: BatchProgress, seconds: float = 1) -> list[BatchAlertKind]:
    return [one.kind for one in batch_alerts(batch, after(seconds))]


def test_of_a_batch_that_runs_they_are_those_of_now() -> None:
    metrics = batch_metrics(operation(6, 2), after(4))

    assert metrics == BatchMetrics(
        duration_ms=4000,
        avg_time_per_item_ms=500,
        success_rate=0.75,
        failure_rate=0.25,
        items_per_second=2,
    )


def test_of_a_batch_that_has_ended_they_stand_still() -> None:
    ended = operation(8, 2, completed_at=after(5))

    assert batch_metrics(ended, after(5)) == batch_metrics(ended, after(5000))
    assert batch_metrics(ended, after(5000)).duration_ms == 5000


def test_of_a_batch_that_nobody_has_begun_there_are_no_rates() -> None:
    metrics = batch_metrics(operation(0, 0), after(4))

    assert metrics == BatchMetrics(
        duration_ms=4000,
        avg_time_per_item_ms=None,
        success_rate=None,
        failure_rate=None,
        items_per_second=None,
    )


def test_a_clock_that_is_behind_makes_no_time_negative() -> None:
    metrics = batch_metrics(operation(1, 0), after(-60))

    assert (metrics.duration_ms, metrics.items_per_second) == (0, None)


@pytest.mark.parametrize(("seconds", "is_slow"), [(120, False), (120.001, True), (500, True)])
def test_a_batch_is_slow_after_more_than_two_minutes(seconds: float, is_slow: bool) -> None:
    assert (BatchAlertKind.SLOW in kinds(operation(0, 0), seconds)) == is_slow


def test_a_batch_that_ended_in_time_is_not_slow_later() -> None:
    ended = operation(10, 0, state=BatchState.COMPLETED, completed_at=after(120))

    assert kinds(ended, 5000) == []


@pytest.mark.parametrize(("failures", "is_high"), [(0, False), (5, False), (6, True), (10, True)])
def test_the_rate_of_failures_is_high_when_more_than_half_of_all_items_have_failed(
    failures: int, is_high: bool
) -> None:
    assert (kinds(operation(0, failures)) == [BatchAlertKind.HIGH_FAILURE_RATE]) == is_high


def test_a_few_failures_at_the_beginning_are_no_alert() -> None:
    assert kinds(operation(0, 3)) == []


def test_what_was_cancelled_has_not_failed() -> None:
    cancelled = operation(0, 10, state=BatchState.CANCELLED, completed_at=after(1))

    assert kinds(cancelled) == []


def test_alerts_say_what_they_have_seen() -> None:
    alerts = batch_alerts(operation(4, 6), after(150.4))

    assert [(one.kind, one.message) for one in alerts] == [
        (BatchAlertKind.SLOW, "Over 120 s: 150 s for 10 items."),
        (BatchAlertKind.HIGH_FAILURE_RATE, "60% of the items failed: 6 of 10."),
    ]
