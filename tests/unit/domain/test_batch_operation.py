"""Try every pair of a batch's states: the table here, and the guard in the database."""

from datetime import UTC, datetime
from itertools import product

import pytest

from server.domain.batch_progress import BatchProgress
from server.domain.batch_state import HIDDEN, TRANSITIONS, VISIBLE, BatchState, predecessors
from server.domain.outcome import BatchOutcome

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PENDING, PROCESSING, COMPLETED, FAILED, CANCELLED = VISIBLE
SUBMITTING, ABANDONED = HIDDEN
ALLOWED = {
    (SUBMITTING, PENDING),
    (SUBMITTING, ABANDONED),
    (PENDING, PROCESSING),
    (PENDING, CANCELLED),
    (PROCESSING, COMPLETED),
    (PROCESSING, FAILED),
    (PROCESSING, CANCELLED),
}


@pytest.mark.parametrize(("one", "other"), [*product(BatchState, repeat=2)])
def test_a_batch_goes_from_one_status_to_another_where_the_design_says_so(
    one: BatchState, other: BatchState
) -> None:
    assert (other in TRANSITIONS[one]) == ((one, other) in ALLOWED)
    assert (one in predecessors(other)) == ((one, other) in ALLOWED)


@pytest.mark.parametrize("status", BatchState)
def test_what_has_ended_stays_as_it_is(status: BatchState) -> None:
    assert status.is_final == (status in {COMPLETED, FAILED, CANCELLED})


def operation(status: BatchState, success: int, failure: int) -> BatchProgress:
    return BatchProgress(
        id="a" * 24,
        kind="updateStock",
        state=status,
        total_items=10,
        success_count=success,
        failure_count=failure,
        created_by="anonymous",
        created_at=NOON,
        started_at=None,
        completed_at=None,
        error=None,
        retry_of=None,
        publication=None,
    )


@pytest.mark.parametrize("status", [PENDING, PROCESSING])
def test_a_batch_that_has_not_ended_has_no_outcome(status: BatchState) -> None:
    assert operation(status, 10, 0).outcome is None


@pytest.mark.parametrize("status", [COMPLETED, FAILED, CANCELLED])
@pytest.mark.parametrize(
    ("success", "failure", "outcome"),
    [(10, 0, BatchOutcome.ALL), (9, 1, BatchOutcome.PARTIAL), (0, 10, BatchOutcome.NONE)],
)
def test_the_outcome_tells_how_much_of_it_succeeded(
    status: BatchState, success: int, failure: int, outcome: BatchOutcome
) -> None:
    assert operation(status, success, failure).outcome is outcome


def test_items_that_succeeded_or_failed_have_been_processed() -> None:
    assert operation(PROCESSING, 3, 4).processed_items == 7


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((PENDING, 0, 0), (PROCESSING, 0, 0)),
        ((PENDING, 0, 0), (CANCELLED, 0, 10)),
        ((PROCESSING, 2, 1), (PROCESSING, 3, 1)),
        ((PROCESSING, 2, 1), (PROCESSING, 2, 2)),
        ((PROCESSING, 9, 1), (COMPLETED, 9, 1)),
        ((PENDING, 0, 0), (COMPLETED, 9, 1)),
    ],
)
def test_of_two_moments_one_precedes_the_other(
    one: tuple[BatchState, int, int], other: tuple[BatchState, int, int]
) -> None:
    earlier, later = operation(*one), operation(*other)

    assert earlier.precedes(later)
    assert not later.precedes(earlier)
    assert not earlier.precedes(earlier)
    assert not later.precedes(later)
