"""Compute when a product expires, from the option and to the millisecond."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import BadInput
from server.domain.expiry import LONGEST_EXPIRY_MS, check_expire_in, expiry_of, has_expired

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
OUT_OF_RANGE = "is out of range: it may be from 1 to 3153600000000"


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (1, timedelta(milliseconds=1)),
        (1.0, timedelta(milliseconds=1)),
        (1500, timedelta(seconds=1.5)),
        (86_400_000.0, timedelta(days=1)),
        (LONGEST_EXPIRY_MS, timedelta(days=36_500)),
        (float(LONGEST_EXPIRY_MS), timedelta(days=36_500)),
    ],
)
def test_milliseconds_above_zero_are_taken(sent: float, meant: timedelta) -> None:
    assert expiry_of({"expireIn": check_expire_in(sent)}) == meant


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (0, f"0 {OUT_OF_RANGE}"),
        (-0.0, f"-0.0 {OUT_OF_RANGE}"),
        (-1, f"-1 {OUT_OF_RANGE}"),
        (LONGEST_EXPIRY_MS + 1, f"3153600000001 {OUT_OF_RANGE}"),
        (1e300, f"1e+300 {OUT_OF_RANGE}"),
        (10**400, f"that was sent {OUT_OF_RANGE}"),
        (0.5, "0.5 is not a whole number"),
        (1.5, "1.5 is not a whole number"),
        (math.nan, "NaN is not a finite number"),
        (math.inf, "Infinity is not a finite number"),
        (-math.inf, "-Infinity is not a finite number"),
    ],
)
def test_anything_else_is_bad_input(sent: float, fault: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_expire_in(sent)

    assert str(refused.value) == f"expireIn {fault}. It is in milliseconds."


@given(st.integers(1, LONGEST_EXPIRY_MS))
def test_no_millisecond_is_lost(milliseconds: int) -> None:
    assert expiry_of({"expireIn": milliseconds}) == milliseconds * MILLISECOND


def test_the_longest_expiry_is_far_from_the_last_date_there_is() -> None:
    assert datetime(2100, 1, 1, tzinfo=UTC) + LONGEST_EXPIRY_MS * MILLISECOND < datetime(
        2200, 1, 1, tzinfo=UTC
    )


def test_a_product_expires_in_the_very_millisecond_at_which_it_is_due() -> None:
    assert not has_expired(NOON, NOON - MILLISECOND)
    assert has_expired(NOON, NOON)
    assert has_expired(NOON, NOON + MILLISECOND)


def test_a_product_without_an_expiry_never_expires() -> None:
    assert not has_expired(None, datetime.max.replace(tzinfo=UTC))
