"""How fast a batch goes: a bounded series over its time, a rate, and an estimate of its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.domain.batch_progress import BatchProgress
from server.domain.batch_state import BatchState

MOST_POINTS = 60
_RECENT = 5  # the rate is that of the last fifth of the intervals


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """The `count` intervals of `milliseconds` each in which a batch has run since `start`."""

    start: datetime
    milliseconds: int
    count: int

    def end_of(self, place: int) -> datetime:
        """Return when an interval ends."""
        return self.start + timedelta(milliseconds=self.milliseconds * (place + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Processed:
    """The items that were processed in one interval; `failed` of them failed."""

    items: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What was processed until `time`, since the point before."""

    time: datetime
    processed: Processed


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """A batch over time. `per_second` is its rate of late; None if it does not run or stands still.

    `remaining_ms` is how long it will take at that rate.
    """

    interval_ms: int = 0
    points: Sequence[Point] = ()
    per_second: float | None = None
    remaining_ms: float | None = None


def intervals_of(batch: BatchProgress, now: datetime) -> Intervals | None:
    """Return at most `MOST_POINTS` equal intervals from the start of the batch to its end, or now.

    None if it has not started.
    """
    if batch.started_at is None:
        return None
    end = max(batch.completed_at or now, batch.started_at)
    lasted = (end - batch.started_at) // timedelta(milliseconds=1) + 1
    milliseconds = -(-lasted // MOST_POINTS)
    return Intervals(
        start=batch.started_at, milliseconds=milliseconds, count=-(-lasted // milliseconds)
    )


def throughput(
    batch: BatchProgress, intervals: Intervals, found: Mapping[int, Processed]
) -> Throughput:
    """Return the series of a batch from what was `found` in each interval that is not empty."""
    places = range(intervals.count)
    points = [
        Point(time=intervals.end_of(place), processed=found.get(place, Processed()))
        for place in places
    ]
    rate = None
    if batch.state is BatchState.PROCESSING:
        recent = points[-max(1, -(-len(points) // _RECENT)) :]
        seconds = len(recent) * intervals.milliseconds / 1000
        rate = sum(point.processed.items for point in recent) / seconds or None
    left = batch.total_items - batch.processed_items
    return Throughput(
        interval_ms=intervals.milliseconds,
        points=points,
        per_second=rate,
        remaining_ms=left / rate * 1000 if rate else None,
    )
