"""Decide `batchUpdateStock` by its rules, without a database."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed
from server.domain.product import StockLevel
from server.domain.stock_update import LedgerEntry, StockUpdateReason, StockUpdateStatus
from server.domain.whole_number import MAX_INT
from server.kinds.update_stock.rules import (
    Applied,
    StockOutcome,
    decide_stock_updates,
    ledger_entry,
    net_changes,
    stock_item,
)

A, B, C = "a" * 24, "b" * 24, "c" * 24


@dataclass(frozen=True)
class Told:
    """An outcome in short: the new stock, or the code and the current stock."""

    new_stock: int | None = None
    code: ItemErrorCode | None = None
    current_stock: int | None = None


def told(outcome: StockOutcome) -> Told:
    if isinstance(outcome, Applied):
        return Told(new_stock=outcome.new_stock)
    return Told(code=outcome.error.code, current_stock=outcome.error.current_stock)


def decide(
    levels: Mapping[str, int], *updates: tuple[str, float] | tuple[str, float, int | None]
) -> list[Told]:
    items = [stock_item(index, *update) for index, update in enumerate(updates)]
    known = {key: StockLevel(stock=stock, discontinued=False) for key, stock in levels.items()}
    return [told(outcome) for outcome in decide_stock_updates(items, known)]


def test_the_example_of_the_readme_gives_15_7_20() -> None:
    assert decide({A: 10, B: 10, C: 10}, (A, 5), (B, -3), (C, 10)) == [Told(15), Told(7), Told(20)]


def test_an_outcome_keeps_the_place_and_the_spelling_of_its_update() -> None:
    outcomes = decide_stock_updates(
        [stock_item(4, A.upper(), 1)], {A: StockLevel(stock=1, discontinued=False)}
    )

    assert outcomes == [Applied(index=4, product_id=A.upper(), key=A, quantity=1, new_stock=2)]


def test_several_updates_of_one_product_see_a_running_stock() -> None:
    assert decide({A: 1}, (A, 4), (A, -5), (A.upper(), 2)) == [Told(5), Told(0), Told(2)]


def test_an_update_that_fails_changes_nothing_for_those_behind_it() -> None:
    assert decide({A: 5}, (A, -6), (A, -5), (A, 0.5), (A, 1)) == [
        Told(code=ItemErrorCode.INSUFFICIENT_STOCK, current_stock=5),
        Told(0),
        Told(code=ItemErrorCode.INVALID_QUANTITY),
        Told(1),
    ]


def test_a_quantity_of_zero_applies() -> None:
    assert decide({A: 0}, (A, 0), (A, -0.0)) == [Told(0), Told(0)]


def test_the_stock_may_reach_the_limit_and_not_exceed_it() -> None:
    assert decide({A: MAX_INT - 1}, (A, 2), (A, 1), (A, 1)) == [
        Told(code=ItemErrorCode.STOCK_LIMIT_EXCEEDED, current_stock=MAX_INT - 1),
        Told(MAX_INT),
        Told(code=ItemErrorCode.STOCK_LIMIT_EXCEEDED, current_stock=MAX_INT),
    ]


def test_an_expected_stock_is_compared_with_the_running_stock() -> None:
    assert decide({A: 10}, (A, 1, 10), (A, 1, 10), (A, -11, 11), (A, 0, 0)) == [
        Told(11),
        Told(code=ItemErrorCode.STALE_STOCK, current_stock=11),
        Told(0),
        Told(0),
    ]


def test_a_stale_stock_is_told_before_an_insufficient_one() -> None:
    assert decide({A: 10}, (A, -11, 9)) == [Told(code=ItemErrorCode.STALE_STOCK, current_stock=10)]


@pytest.mark.parametrize(
    ("update", "level", "error"),
    [
        (
            ("abc", 1),
            None,
            ItemError(
                code=ItemErrorCode.INVALID_PRODUCT_ID,
                message="“abc” is not a product id: an id is 24 hexadecimal characters.",
                path=("updates", "7", "productId"),
            ),
        ),
        (
            (A.upper(), 1),
            None,
            ItemError(
                code=ItemErrorCode.PRODUCT_NOT_FOUND,
                message=f"There is no product {A}.",
                path=("updates", "7", "productId"),
            ),
        ),
        (
            (A, 1),
            StockLevel(stock=0, discontinued=True),
            ItemError(
                code=ItemErrorCode.PRODUCT_DISCONTINUED,
                message=f"The product {A} is discontinued and takes no updates.",
                path=("updates", "7", "productId"),
            ),
        ),
        (
            (A, 1.5),
            StockLevel(stock=3, discontinued=False),
            ItemError(
                code=ItemErrorCode.INVALID_QUANTITY,
                message="The quantity 1.5 is not a whole number.",
                path=("updates", "7", "quantity"),
            ),
        ),
        (
            (A, -4),
            StockLevel(stock=3, discontinued=False),
            ItemError(
                code=ItemErrorCode.INSUFFICIENT_STOCK,
                message="The stock is 3: 4 cannot be taken from it.",
                path=("updates", "7", "quantity"),
                current_stock=3,
            ),
        ),
        (
            (A, MAX_INT),
            StockLevel(stock=3, discontinued=False),
            ItemError(
                code=ItemErrorCode.STOCK_LIMIT_EXCEEDED,
                message="The stock is 3: 2147483647 more would exceed 2147483647.",
                path=("updates", "7", "quantity"),
                current_stock=3,
            ),
        ),
        (
            (A, 1, 4),
            StockLevel(stock=3, discontinued=False),
            ItemError(
                code=ItemErrorCode.STALE_STOCK,
                message="The stock is 3, not the expected 4.",
                path=("updates", "7", "expectedStock"),
                current_stock=3,
            ),
        ),
    ],
    ids=lambda case: case.code.value if isinstance(case, ItemError) else "",
)
def test_a_refusal_says_what_where_and_why(
    update: tuple[str, float], level: StockLevel | None, error: ItemError
) -> None:
    outcomes = decide_stock_updates([stock_item(7, *update)], {A: level} if level else {})

    assert outcomes == [Failed(index=7, product_id=update[0], errors=(error,))]


def test_a_bad_id_is_told_before_a_bad_quantity() -> None:
    item = stock_item(0, "abc", math.nan)

    assert (item.key, item.quantity) == ("", 0)
    assert [error.code for error in item.errors] == [
        ItemErrorCode.INVALID_PRODUCT_ID,
        ItemErrorCode.INVALID_QUANTITY,
    ]


def test_a_bad_quantity_leaves_the_item_its_product() -> None:
    item = stock_item(0, A.upper(), math.inf)

    assert (item.key, item.product_id, item.quantity) == (A, A.upper(), 0)


def test_an_applied_update_leaves_a_row_with_its_new_stock() -> None:
    item = stock_item(0, A.upper(), 4)
    outcome = Applied(index=0, product_id=A.upper(), key=A, quantity=4, new_stock=9)

    assert ledger_entry(item, outcome) == LedgerEntry(
        product_id=A,
        quantity=4,
        status=StockUpdateStatus.APPLIED,
        reason=StockUpdateReason.ADJUSTMENT,
        new_stock=9,
        index=0,
    )


def test_a_failed_update_leaves_a_row_with_its_error() -> None:
    item = stock_item(0, A, -4)
    (outcome,) = decide_stock_updates([item], {A: StockLevel(stock=3, discontinued=False)})

    assert ledger_entry(item, outcome) == LedgerEntry(
        product_id=A,
        quantity=-4,
        status=StockUpdateStatus.FAILED,
        reason=StockUpdateReason.ADJUSTMENT,
        code=ItemErrorCode.INSUFFICIENT_STOCK,
        error="The stock is 3: 4 cannot be taken from it.",
        index=0,
    )


updates = st.lists(
    st.tuples(
        st.sampled_from([A, B, C, A.upper(), "nonsense"]),
        st.one_of(st.integers(-8, 8), st.sampled_from([0.5, math.nan, MAX_INT, -MAX_INT])),
        st.one_of(st.none(), st.integers(0, 8)),
    ),
    max_size=40,
)
levels = st.dictionaries(
    st.sampled_from([A, B, C]),
    st.builds(StockLevel, stock=st.integers(0, 12), discontinued=st.booleans()),
)


@given(updates, levels)
def test_the_running_stock_is_that_of_a_naive_fold(
    sent: list[tuple[str, float, int | None]], known: dict[str, StockLevel]
) -> None:
    items = [stock_item(index, *update) for index, update in enumerate(sent)]

    outcomes = decide_stock_updates(items, known)

    stock = {key: level.stock for key, level in known.items() if not level.discontinued}
    expected: list[int | None] = []
    for product_id, quantity, expected_stock in sent:
        key = product_id.lower()
        at_hand = stock.get(key)
        if (
            at_hand is not None
            and quantity == quantity // 1  # whole, and not NaN
            and expected_stock in (None, at_hand)
            and 0 <= at_hand + quantity <= MAX_INT
        ):
            stock[key] = at_hand + int(quantity)
            expected.append(stock[key])
        else:
            expected.append(None)
    assert [getattr(one, "new_stock", None) for one in outcomes] == expected
    assert [one.index for one in outcomes] == list(range(len(sent)))
    assert [one.product_id for one in outcomes] == [product_id for product_id, *_ in sent]


@given(updates, levels)
def test_the_net_changes_lead_from_the_first_stock_to_the_last(
    sent: list[tuple[str, float, int | None]], known: dict[str, StockLevel]
) -> None:
    items = [stock_item(index, *update) for index, update in enumerate(sent)]
    outcomes = decide_stock_updates(items, known)
    last = {one.key: one.new_stock for one in outcomes if isinstance(one, Applied)}

    changes = net_changes(outcomes)

    assert {key: known[key].stock + change for key, change in changes.items()} == last
    assert all(0 <= stock <= MAX_INT for stock in last.values())
