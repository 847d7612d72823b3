"""The check that follows every measurement: do the ledger's rows lead to the stocks?"""

import re
from typing import Any

import pytest

from bench.batch import WrongAnswer
from bench.sides.ledger import check_chains

OPENING = {"a": 10, "b": 5}


def row(
    product_id: str, quantity: int, new_stock: int, status: str = "applied", *, time: int = 0
) -> dict[str, Any]:
    return {
        "timestamp": time,
        "productId": product_id,
        "quantity": quantity,
        "newStock": new_stock,
        "status": status,
    }


ROWS = [row("a", 2, 12, time=1), row("a", -4, 8, time=2), row("b", 1, 6, time=1)]


def test_rows_that_lead_from_the_opening_stocks_to_the_closing_ones_are_counted() -> None:
    assert check_chains(OPENING, ROWS, {"a": 8, "b": 6}, [("a", 12), ("b", 6)]) == 3


def test_rows_of_one_moment_are_taken_in_the_order_in_which_they_continue() -> None:
    rows = [row("a", 1, 14), row("a", -1, 9), row("a", 4, 13), row("b", 1, 6)]

    assert check_chains(OPENING, rows, {"a": 14, "b": 6}) == 4


@pytest.mark.parametrize(
    ("rows", "closing", "fault"),
    [
        pytest.param(ROWS[1:], {"a": 8, "b": 6}, "was 10", id="a row is missing"),
        pytest.param(
            ROWS[:2], {"a": 8, "b": 6}, "stock of b is 6, not 5", id="the last is missing"
        ),
        pytest.param([*ROWS, ROWS[2]], {"a": 8, "b": 6}, "was 6", id="a row is there twice"),
        pytest.param(
            [ROWS[1], ROWS[0], ROWS[2]], {"a": 8, "b": 6}, "was 10", id="rows are out of order"
        ),
        pytest.param(
            [row("a", 2, 12, "failed")], {"a": 12, "b": 5}, "should not be", id="a row failed"
        ),
        pytest.param([row("c", 2, 2)], OPENING, "should not be", id="a row is of another product"),
        pytest.param(ROWS, {"a": 9, "b": 6}, "stock of a is 9, not 8", id="a stock is off by one"),
        pytest.param(ROWS, {"a": 8}, "stock of b is nowhere, not 6", id="a product is gone"),
    ],
)
def test_anything_else_is_a_wrong_answer(
    rows: list[dict[str, Any]], closing: dict[str, int], fault: str
) -> None:
    with pytest.raises(WrongAnswer, match=re.escape(fault)):
        check_chains(OPENING, rows, closing)


def test_an_answer_that_no_row_proves_is_wrong() -> None:
    with pytest.raises(WrongAnswer, match=r"no row has: \[\('a', 11\)\]"):
        check_chains(OPENING, ROWS, {"a": 8, "b": 6}, [("a", 12), ("a", 11)])
