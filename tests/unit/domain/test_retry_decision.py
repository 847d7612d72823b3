"""Decide whether a chunk is tried again: later each time, and not for ever."""

from hypothesis import given
from hypothesis import strategies as st

from server.batches.stored.retry_decision import MOST_ATTEMPTS, GiveUp, Retry, decide
from server.domain.stored_batch import LEASE_SECONDS


def test_it_waits_longer_after_every_attempt_up_to_twenty_seconds() -> None:
    waits = [decide(attempts, 1.0) for attempts in range(1, MOST_ATTEMPTS)]

    assert waits == [Retry(1), Retry(2), Retry(4), Retry(8), Retry(16), Retry(20), Retry(20)]


def test_without_luck_it_waits_half_as_long() -> None:
    waits = [decide(attempts, 0.0) for attempts in range(1, MOST_ATTEMPTS)]

    assert waits == [Retry(0.5), Retry(1), Retry(2), Retry(4), Retry(8), Retry(10), Retry(10)]


@given(st.integers(MOST_ATTEMPTS, 100), st.floats(0, 1))
def test_the_eighth_attempt_is_the_last(attempts: int, jitter: float) -> None:
    assert MOST_ATTEMPTS == 8
    assert decide(attempts, jitter) == GiveUp()


@given(st.integers(1, MOST_ATTEMPTS - 1), st.floats(0, 1))
def test_no_wait_is_longer_than_a_lease(attempts: int, jitter: float) -> None:
    decision = decide(attempts, jitter)

    assert isinstance(decision, Retry)
    assert 0 < decision.delay_seconds <= LEASE_SECONDS
