"""Settle the items with which nothing is wrong when another one has failed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.batches.engine.unapplied import apply_options, not_attempted, refused
from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.options import BatchOptions
from server.domain.outcome import BatchOutcome, Failed, batch_outcome
from server.kinds.create_products.rules import create_item
from server.kinds.discontinue_products.rules import Unchanged
from server.kinds.update_products.rules import update_item
from server.kinds.update_stock.rules import Applied
from tests.support.outcomes import applied, codes

A = "a" * 24
ATOMIC = BatchOptions(atomic=True, continue_on_error=False)
ENDS = BatchOptions(atomic=False, continue_on_error=False)
GOES_ON = [
    BatchOptions(atomic=True, continue_on_error=True),
    BatchOptions(atomic=False, continue_on_error=True),
    BatchOptions(atomic=False),
]


def failed(index: int) -> Failed:
    error = ItemError(code=ItemErrorCode.INTERNAL, message="Broken.", path=("updates", str(index)))
    return Failed(index=index, product_id=f"P{index}", errors=(error,))


def innocent(
    index: int, code: ItemErrorCode, message: str, argument: str, product_id: str | None
) -> Failed:
    error = ItemError(code=code, message=message, path=(argument, str(index)), retryable=True)
    return Failed(index=index, product_id=product_id, errors=(error,))


def rolled_back(index: int, argument: str = "updates") -> Failed:
    message = "Nothing is wrong with this item: it was undone with its atomic batch."
    return innocent(index, ItemErrorCode.ROLLED_BACK, message, argument, f"P{index}")


def behind(index: int, product_id: str | None, argument: str = "updates") -> Failed:
    message = "This item was not tried: the batch ended at another one that failed."
    return innocent(index, ItemErrorCode.NOT_ATTEMPTED, message, argument, product_id)


@pytest.mark.parametrize("options", [ATOMIC, ENDS, BatchOptions(atomic=True), *GOES_ON])
def test_a_batch_without_a_failure_stays_as_it_is(options: BatchOptions) -> None:
    assert apply_options([], options, "updates") == []
    assert apply_options([applied(0), applied(1)], options, "updates") == [applied(0), applied(1)]


@pytest.mark.parametrize("options", GOES_ON)
def test_where_the_others_go_on_a_failure_is_its_own(options: BatchOptions) -> None:
    outcomes = [applied(0), failed(1), applied(2)]

    assert apply_options(outcomes, options, "updates") == outcomes


@pytest.mark.parametrize("options", [ATOMIC, BatchOptions(atomic=True)])
def test_one_failure_rolls_back_an_atomic_batch_and_keeps_its_own_error(
    options: BatchOptions,
) -> None:
    outcomes = apply_options([applied(0), failed(1), applied(2), failed(3)], options, "updates")

    assert outcomes == [rolled_back(0), failed(1), rolled_back(2), failed(3)]


def test_what_would_have_been_unchanged_is_rolled_back_too() -> None:
    outcomes = apply_options([Unchanged(index=0, product_id="P0"), failed(1)], ATOMIC, "productIds")

    assert outcomes == [rolled_back(0, "productIds"), failed(1)]


def test_a_batch_that_ends_keeps_what_stands_before_its_first_failure() -> None:
    outcomes = apply_options([applied(0), failed(1), applied(2), failed(3)], ENDS, "updates")

    assert outcomes == [applied(0), failed(1), behind(2, "P2"), behind(3, "P3")]


def test_a_batch_that_ends_with_its_first_item_keeps_nothing() -> None:
    outcomes = apply_options([failed(7), applied(8)], ENDS, "deletes")

    assert outcomes == [failed(7), behind(8, "P8", "deletes")]


def test_a_batch_that_ends_with_its_last_item_keeps_the_rest() -> None:
    outcomes = [applied(0), applied(1), failed(2)]

    assert apply_options(outcomes, ENDS, "updates") == outcomes


def test_of_a_batch_that_is_not_begun_each_bad_item_has_its_own_errors() -> None:
    items = [
        update_item(0, A, {"price": 1}),
        update_item(1, "abc", {"price": -1}),
        update_item(2, A.upper(), {"price": 1}),
        update_item(3, A, {}),
    ]

    assert refused(items, "updates") == [
        behind(0, A),
        Failed(index=1, product_id="abc", errors=items[1].errors),
        behind(2, A.upper()),
        Failed(index=3, product_id=A, errors=items[3].errors),
    ]
    assert len(items[1].errors) == 2


def test_an_item_without_an_id_is_left_behind_without_one() -> None:
    item = create_item(
        4, own_id=None, name="Cup", price=1, stock=1, category="x", discontinued=False
    )

    assert not_attempted([item], "products") == [behind(4, None, "products")]


def test_an_item_that_was_not_tried_is_told_nothing_of_its_own_faults() -> None:
    bad = update_item(1, "abc", {})

    assert not_attempted([bad], "updates") == [behind(1, "abc")]


def fated(fates: list[bool]) -> list[Applied | Failed]:
    return [applied(place) if fate else failed(place) for place, fate in enumerate(fates)]


@given(st.lists(st.booleans(), max_size=30))
def test_every_item_of_an_atomic_batch_is_answered_in_order(fates: list[bool]) -> None:
    result = apply_options(fated(fates), ATOMIC, "updates")

    assert [one.index for one in result] == list(range(len(fates)))
    assert batch_outcome(result) is (BatchOutcome.ALL if all(fates) else BatchOutcome.NONE)


@given(st.lists(st.booleans(), max_size=30))
def test_every_item_of_a_batch_that_ends_is_answered_in_order(fates: list[bool]) -> None:
    result = apply_options(fated(fates), ENDS, "updates")

    assert [one.index for one in result] == list(range(len(fates)))
    kept = [*fates, False].index(False)
    at_fault = [ItemErrorCode.INTERNAL][: len(fates) - kept]
    left = [ItemErrorCode.NOT_ATTEMPTED] * (len(fates) - kept - 1)
    assert codes(result) == [None] * kept + at_fault + left
