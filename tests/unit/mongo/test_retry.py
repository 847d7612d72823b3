"""Decide what the transaction runner does about an error, from the error's labels alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo.errors import AutoReconnect, OperationFailure, PyMongoError

from server.mongo.connection.retry import Next, after_body, after_commit, pause

TRANSIENT, UNKNOWN = "TransientTransactionError", "UnknownTransactionCommitResult"


def error(*labels: str) -> PyMongoError:
    return OperationFailure("broken", 251, {"errorLabels": list(labels)})


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([TRANSIENT], Next.RUN_AGAIN),
        ([TRANSIENT, "RetryableWriteError"], Next.RUN_AGAIN),
        ([], Next.GIVE_UP),
        ([UNKNOWN], Next.GIVE_UP),
        (["RetryableWriteError"], Next.GIVE_UP),
    ],
)
def test_a_body_runs_again_only_after_a_transient_error(labels: list[str], expected: Next) -> None:
    assert after_body(error(*labels)) is expected


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([UNKNOWN], Next.COMMIT_AGAIN),
        ([UNKNOWN, TRANSIENT], Next.COMMIT_AGAIN),
        ([TRANSIENT], Next.RUN_AGAIN),
        ([], Next.FIND_OUT),
        (["RetryableWriteError"], Next.FIND_OUT),
    ],
)
def test_a_commit_that_may_have_taken_effect_never_makes_the_body_run_again(
    labels: list[str], expected: Next
) -> None:
    assert after_commit(error(*labels)) is expected


def test_the_labels_count_and_not_the_class_of_the_error() -> None:
    assert after_body(AutoReconnect("gone")) is Next.GIVE_UP
    assert after_body(AutoReconnect("gone", {"errorLabels": [TRANSIENT]})) is Next.RUN_AGAIN


@pytest.mark.parametrize(
    ("attempt", "milliseconds"),
    [(0, 5), (1, 7.5), (2, 11.25), (11, 432.4878), (12, 500), (100, 500), (1000, 500)],
)
def test_the_pause_grows_by_half_up_to_half_a_second(attempt: int, milliseconds: float) -> None:
    assert pause(attempt, 1.0) == pytest.approx(milliseconds / 1000, rel=1e-6)


@given(st.integers(0, 1000), st.floats(0, 1))
def test_the_jitter_shortens_the_pause_in_proportion(attempt: int, jitter: float) -> None:
    assert pause(attempt, jitter) == pytest.approx(jitter * pause(attempt, 1.0))
    assert 0 <= pause(attempt, jitter) <= 0.5
