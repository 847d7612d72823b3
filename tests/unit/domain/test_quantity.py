"""Check quantities, and the whole numbers behind them."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.field_check import check_quantity
from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.whole_number import MAX_INT, whole_number

PATH = ("updates", "3", "quantity")
OUT_OF_RANGE = "is out of range: it may be from -2147483647 to 2147483647"


def test_the_largest_whole_number_is_that_of_graphql() -> None:
    assert MAX_INT == 2**31 - 1


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (5, 5),
        (-3, -3),
        (0, 0),
        (7.0, 7),
        (-7.0, -7),
        (-0.0, 0),
        (2**31 - 1, 2147483647),
        (2147483647.0, 2147483647),
        (-(2**31) + 1, -2147483647),
    ],
)
def test_a_whole_number_in_range_is_taken_as_an_int(sent: float, meant: int) -> None:
    quantity = check_quantity(sent, PATH)

    assert (quantity, type(quantity)) == (meant, int)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (0.5, "The quantity 0.5 is not a whole number."),
        (-1e-300, "The quantity -1e-300 is not a whole number."),
        (math.inf, "The quantity inf is not a finite number."),
        (-math.inf, "The quantity -inf is not a finite number."),
        (math.nan, "The quantity nan is not a finite number."),
        (2**31, f"The quantity 2147483648 {OUT_OF_RANGE}."),
        (-(2**31), f"The quantity -2147483648 {OUT_OF_RANGE}."),
        (1e300, f"The quantity 1e+300 {OUT_OF_RANGE}."),
        (10**400, f"The quantity that was sent {OUT_OF_RANGE}."),
        (-(10**18), f"The quantity that was sent {OUT_OF_RANGE}."),
    ],
)
def test_any_other_number_is_refused_with_its_reason(sent: float, told: str) -> None:
    assert check_quantity(sent, PATH) == ItemError(
        code=ItemErrorCode.INVALID_QUANTITY, message=told, path=PATH, retryable=False
    )


@given(
    st.one_of(st.integers(), st.floats(), st.integers(min_value=10**300, max_value=10**310)),
    st.integers(-1000, 0),
    st.integers(0, 1000),
)
def test_only_the_whole_numbers_between_the_bounds_get_through(
    value: float, least: int, most: int
) -> None:
    finite = isinstance(value, int) or math.isfinite(value)
    exact = Fraction(value) if finite else None
    fits = exact is not None and exact.denominator == 1 and least <= exact <= most

    assert whole_number(value, least=least, most=most) == (exact if fits else None)


@given(st.integers(-50, 50), st.integers(-50, 0), st.integers(0, 50))
def test_a_float_and_an_int_of_the_same_value_are_one_number(
    value: int, least: int, most: int
) -> None:
    as_float = whole_number(float(value), least=least, most=most)

    assert as_float == whole_number(value, least=least, most=most)
    assert not isinstance(as_float, float)


@given(st.one_of(st.integers(), st.floats()))
def test_no_refusal_is_longer_than_a_line(value: float) -> None:
    refused = check_quantity(value, PATH)

    assert isinstance(refused, int) or len(refused.message) < 120
