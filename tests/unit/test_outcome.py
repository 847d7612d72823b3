"""What the outcomes of the items make of the batch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.discontinue import Unchanged
from server.domain.innocent import settled
from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.options import BatchOptions
from server.domain.outcome import BatchOutcome, Failed, batch_outcome
from server.domain.stock import Applied, StockOutcome

ATOMIC = BatchOptions(atomic=True)


def applied(index: int) -> Applied:
    return Applied(index=index, product_id=f"P{index}", key=f"p{index}", quantity=1, new_stock=2)


def failed(index: int) -> Failed:
    error = ItemError(code=ItemErrorCode.INTERNAL, message="Broken.", path=("updates", str(index)))
    return Failed(index=index, product_id=f"P{index}", errors=(error,))


def rolled_back(index: int, argument: str = "updates") -> Failed:
    return Failed(
        index=index,
        product_id=f"P{index}",
        errors=(
            ItemError(
                code=ItemErrorCode.ROLLED_BACK,
                message="Nothing is wrong with this item: it was undone with its atomic batch.",
                path=(argument, str(index)),
                retryable=True,
            ),
        ),
    )


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], BatchOutcome.ALL),
        ([applied(0)], BatchOutcome.ALL),
        ([applied(0), applied(1)], BatchOutcome.ALL),
        ([applied(0), failed(1)], BatchOutcome.PARTIAL),
        ([failed(0), applied(1)], BatchOutcome.PARTIAL),
        ([failed(0)], BatchOutcome.NONE),
        ([failed(0), failed(1)], BatchOutcome.NONE),
    ],
)
def test_a_batch_succeeds_wholly_partly_or_not_at_all(
    outcomes: list[StockOutcome], expected: BatchOutcome
) -> None:
    assert batch_outcome(outcomes) is expected


def test_what_was_left_unchanged_is_a_success() -> None:
    assert batch_outcome([Unchanged(index=0, product_id="P0")]) is BatchOutcome.ALL


def test_an_atomic_batch_without_a_failure_stays_as_it_is() -> None:
    assert settled([applied(0), applied(1)], ATOMIC, "updates") == [applied(0), applied(1)]


def test_one_failure_rolls_back_the_others_and_keeps_its_own_error() -> None:
    outcomes = settled([applied(0), failed(1), applied(2)], ATOMIC, "updates")

    assert outcomes == [rolled_back(0), failed(1), rolled_back(2)]


def test_what_would_have_been_unchanged_is_rolled_back_too() -> None:
    outcomes = settled([Unchanged(index=0, product_id="P0"), failed(1)], ATOMIC, "productIds")

    assert outcomes == [rolled_back(0, "productIds"), failed(1)]


@given(st.lists(st.booleans(), max_size=30))
def test_every_item_of_an_atomic_batch_is_answered_in_order(fates: list[bool]) -> None:
    outcomes = [applied(place) if fate else failed(place) for place, fate in enumerate(fates)]

    result = settled(outcomes, ATOMIC, "updates")

    assert [one.index for one in result] == list(range(len(fates)))
    assert batch_outcome(result) is (BatchOutcome.ALL if all(fates) else BatchOutcome.NONE)
