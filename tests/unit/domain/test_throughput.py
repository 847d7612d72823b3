"""The intervals of a batch, its rate of late, and the time that is left."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.domain.batch_progress import BatchProgress
from server.domain.batch_state import BatchState
from server.domain.throughput import MOST_POINTS, Processed, intervals_of, throughput

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def batch(**fields: Any) -> BatchProgress:
    usual: dict[str, Any] = {
        "id": "a" * 24, "kind": "updateStock", "state": BatchState.PROCESSING, "total_items": 1000,
        "success_count": 0, "failure_count": 0, "created_by": "x", "created_at": NOON,
        "started_at": NOON, "completed_at": None, "error": None, "retry_of": None,
        "publication": None,
    }  # fmt: skip
    return BatchProgress(**usual | fields)


@pytest.mark.parametrize("milliseconds", [0, 1, 59, 60, 61, 999, 60_000, 86_400_000, 10**10])
def test_the_intervals_reach_to_now_and_are_few(milliseconds: int) -> None:
    now = NOON + timedelta(milliseconds=milliseconds)
    intervals = intervals_of(batch(), now)

    assert intervals is not None
    assert 1 <= intervals.count <= MOST_POINTS
    assert intervals.end_of(intervals.count - 1) > now
    assert intervals.count == 1 or intervals.end_of(intervals.count - 2) <= now


def test_a_batch_that_has_not_started_has_none() -> None:
    assert intervals_of(batch(started_at=None, state=BatchState.PENDING), NOON) is None


def test_a_clock_that_goes_backwards_leaves_one_interval() -> None:
    intervals = intervals_of(batch(), NOON - timedelta(hours=1))

    assert intervals is not None
    assert intervals.count == 1


def test_the_rate_is_that_of_the_last_fifth_and_tells_what_is_left() -> None:
    now = NOON + timedelta(seconds=60) - timedelta(milliseconds=1)
    running = batch(success_count=600)
    intervals = intervals_of(running, now)
    assert intervals is not None
    found = {0: Processed(items=480), 48: Processed(items=60), 59: Processed(items=60, failed=3)}

    series = throughput(running, intervals, found)

    assert len(series.points) == 60
    assert series.points[59].processed == Processed(items=60, failed=3)
    assert series.per_second == 10  # 120 items in 12 s
    assert series.remaining_ms == 40_000  # 400 items at this rate


@pytest.mark.parametrize("state", [state for state in BatchState if state.is_final])
def test_a_batch_that_has_ended_has_no_rate(state: BatchState) -> None:
    ended = batch(state=state, completed_at=NOON)
    intervals = intervals_of(ended, NOON)
    assert intervals is not None

    series = throughput(ended, intervals, {0: Processed(items=5)})

    assert (series.per_second, series.remaining_ms) == (None, None)


def test_a_batch_that_stands_still_has_no_rate() -> None:
    intervals = intervals_of(batch(), NOON + timedelta(seconds=60))
    assert intervals is not None

    series = throughput(batch(), intervals, {0: Processed(items=5)})

    assert (series.per_second, series.remaining_ms) == (None, None)
