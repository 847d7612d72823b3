"""Derive the outcome of a batch from the outcomes of its items."""

import pytest

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import BatchOutcome, Failed, any_failed, batch_outcome
from server.domain.outcome import failed as failure
from server.kinds.discontinue_products.rules import Unchanged, discontinue_item
from server.kinds.update_stock.rules import StockOutcome
from tests.support.outcomes import applied


def error(message: str) -> ItemError:
    return ItemError(code=ItemErrorCode.INTERNAL, message=message, path=("updates", "0"))


def failed(index: int) -> Failed:
    return Failed(index=index, product_id=f"P{index}", errors=(error("Broken."),))


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
    assert any_failed(outcomes) is (expected is not BatchOutcome.ALL)


def test_what_was_left_unchanged_is_a_success() -> None:
    assert batch_outcome([Unchanged(index=0, product_id="P0")]) is BatchOutcome.ALL
    assert not any_failed([Unchanged(index=0, product_id="P0")])


def test_a_failure_has_the_place_and_the_spelling_of_its_item() -> None:
    item = discontinue_item(3, "A" * 24)

    assert failure(item, error("One."), error("Two.")) == Failed(
        index=3, product_id="A" * 24, errors=(error("One."), error("Two."))
    )


def test_the_error_of_a_failure_is_the_first_of_its_errors() -> None:
    assert failure(applied(0), error("One."), error("Two.")).error == error("One.")
