"""Check the quantity of a stock update."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.item_error import ItemError, ItemErrorCode
from server.kinds.update_stock.rules import check_quantity, stock_item

PATH = ("updates", "3", "quantity")
OUT_OF_RANGE = "is out of range: it may be from -2147483647 to 2147483647"


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
        (math.inf, "The quantity Infinity is not a finite number."),
        (-math.inf, "The quantity -Infinity is not a finite number."),
        (math.nan, "The quantity NaN is not a finite number."),
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


def test_the_error_of_a_quantity_is_between_those_of_the_other_fields() -> None:
    good = stock_item(3, "a" * 24, -7.0)
    bad = stock_item(3, "abc", 0.5, 0.5)

    assert (good.quantity, type(good.quantity), good.errors) == (-7, int, ())
    assert bad.quantity == 0
    assert [(error.code, error.path) for error in bad.errors] == [
        (ItemErrorCode.INVALID_PRODUCT_ID, ("updates", "3", "productId")),
        (ItemErrorCode.INVALID_QUANTITY, PATH),
        (ItemErrorCode.INVALID_FIELD, ("updates", "3", "expectedStock")),
    ]


@given(st.one_of(st.integers(), st.floats()))
def test_no_refusal_is_longer_than_a_line(value: float) -> None:
    refused = check_quantity(value, PATH)

    assert isinstance(refused, int) or len(refused.message) < 120
