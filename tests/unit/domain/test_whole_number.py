"""Take whole numbers, whatever JSON makes of them."""

import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from server.domain.whole_number import MAX_INT, whole_number


def test_the_largest_whole_number_is_that_of_graphql() -> None:
    assert MAX_INT == 2**31 - 1


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
