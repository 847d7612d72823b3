"""A number from text does not become another one: not whole if it is not, not zero if it is not."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.exact_number import number_from


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", 5.0), ("5.0", 5.0), ("-0.0", -0.0), ("1e3", 1000.0), ("0.1", 0.1), ("0e5", 0.0),
        ("5." + "0" * 5000, 5.0), ("1e400", math.inf), ("-1e400", -math.inf),
        ("4.99999999999999999999", math.nextafter(5, 0)),
        ("5.00000000000000000001", math.nextafter(5, 6)),
        ("-4.99999999999999999999", math.nextafter(-5, 0)),
        ("4." + "9" * 5000, math.nextafter(5, 0)),
        ("5." + "0" * 5000 + "1", math.nextafter(5, 6)),
        ("-5." + "0" * 5000 + "1", math.nextafter(-5, -6)),
        ("0." + "0" * 5000 + "1", math.nextafter(0, 1)),
        ("-0." + "0" * 5000 + "1", math.nextafter(0, -1)),
        ("1e-400", math.nextafter(0, 1)), ("-1e-400", math.nextafter(0, -1)),
        ("1e-99999999999999999999", math.nextafter(0, 1)), ("1e99999999999999999999", math.inf),
        ("0.0e-99999999999999999999", 0.0),
    ],
)  # fmt: skip
def test_a_number_stays_on_its_side(text: str, expected: float) -> None:
    assert repr(number_from(text)) == repr(expected)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(2**40), max_value=2**40))
def test_what_is_not_whole_never_becomes_whole(number: Decimal) -> None:
    found = number_from(str(number).replace("+", ""))

    assert found.is_integer() == (number == number.to_integral_value())
    assert found == float(number) or abs(found - float(number)) <= math.ulp(float(number))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_read_back_as_it_was_written(number: float) -> None:
    assert repr(number_from(repr(number))) == repr(number)
