"""Decide one new price for many products, without a database."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import BadInput
from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed
from server.domain.product import StockLevel
from server.kinds.update_price.declaration import UPDATE_PRICE
from server.kinds.update_price.rules import Priced, check_new_price, decide_prices, price_item

ONE, OTHER, UNKNOWN = "a" * 24, "b" * 24, "c" * 24
LEVELS = {
    ONE: StockLevel(stock=5, discontinued=False),
    OTHER: StockLevel(stock=0, discontinued=True),
}


@pytest.mark.parametrize("value", [0, 1, 1500, 2**31 - 1, 1500.0])
def test_a_price_is_a_whole_number_of_cents(value: object) -> None:
    assert check_new_price(value) == value
    assert type(check_new_price(value)) is int


@pytest.mark.parametrize(
    "value",
    [-1, 2**31, 0.5, float("nan"), float("inf"), True, False, "1500", None, [], {}],
)
def test_nothing_else_is_a_price(value: object) -> None:
    with pytest.raises(BadInput, match=r"^newPrice .*It is in whole cents"):
        check_new_price(value)


@given(st.integers())
def test_whole_numbers_are_prices_from_0_to_the_largest_of_32_bits(value: int) -> None:
    if 0 <= value < 2**31:
        assert check_new_price(value) == value
    else:
        with pytest.raises(BadInput):
            check_new_price(value)


def decide(*ids: Any) -> list[Any]:
    return decide_prices(
        [price_item(index, one) for index, one in enumerate(ids)], LEVELS, price=1500
    )


def code(outcome: Any) -> ItemErrorCode:
    assert isinstance(outcome, Failed)
    return outcome.error.code


def test_a_product_gets_the_new_price_and_keeps_the_spelling_of_its_id() -> None:
    assert decide(ONE, ONE.upper()) == [
        Priced(index=0, product_id=ONE, key=ONE, price=1500),
        Priced(index=1, product_id=ONE.upper(), key=ONE, price=1500),
    ]


def test_a_discontinued_product_and_one_that_there_is_not_fail_alone() -> None:
    discontinued, unknown, good = decide(OTHER, UNKNOWN, ONE)

    assert code(discontinued) is ItemErrorCode.PRODUCT_DISCONTINUED
    assert code(unknown) is ItemErrorCode.PRODUCT_NOT_FOUND
    assert unknown.error.path == ("productIds", "1")
    assert good == Priced(index=2, product_id=ONE, key=ONE, price=1500)


@pytest.mark.parametrize("product_id", ["", "nonsense", ONE[:-1], ONE + "a"])
def test_what_is_no_id_fails_as_such(product_id: str) -> None:
    (outcome,) = decide(product_id)

    assert code(outcome) is ItemErrorCode.INVALID_PRODUCT_ID
    assert outcome.error.path == ("productIds", "0")


@pytest.mark.parametrize("value", [None, 5, 1.5, True, [ONE], {"$ne": 1}, "\ud800"])
def test_an_input_may_hold_any_value(value: object) -> None:
    item = UPDATE_PRICE.work({"newPrice": 1500}).effects.item(0, {"productId": value})

    assert [error.code for error in item.errors] == [ItemErrorCode.INVALID_PRODUCT_ID]
    assert item.key == ""


def test_an_input_without_an_id_fails() -> None:
    item = UPDATE_PRICE.work({"newPrice": 1500}).effects.item(0, {})

    assert [error.code for error in item.errors] == [ItemErrorCode.INVALID_PRODUCT_ID]


def test_the_price_is_what_must_be_stored_besides_the_items() -> None:
    assert UPDATE_PRICE.work({"newPrice": 1500}).settings == {"newPrice": 1500}
