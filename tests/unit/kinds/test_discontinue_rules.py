"""Decide `batchDiscontinueProducts` by its rules, without a database."""

from hypothesis import given
from hypothesis import strategies as st

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed
from server.domain.product import StockLevel
from server.domain.stock_update import LedgerEntry, StockUpdateReason, StockUpdateStatus
from server.kinds.discontinue_products.rules import (
    Discontinued,
    Unchanged,
    decide_discontinuations,
    discontinue_item,
    ledger_entry,
)

A, B, C = "a" * 24, "b" * 24, "c" * 24


def test_a_product_is_discontinued_and_loses_its_stock() -> None:
    outcomes = decide_discontinuations(
        [discontinue_item(2, A.upper())], {A: StockLevel(stock=9, discontinued=False)}
    )

    assert outcomes == [Discontinued(index=2, product_id=A.upper(), key=A, stock=9)]


def test_discontinuing_again_is_no_failure() -> None:
    outcomes = decide_discontinuations(
        [discontinue_item(0, A)], {A: StockLevel(stock=0, discontinued=True)}
    )

    assert outcomes == [Unchanged(index=0, product_id=A)]


def test_the_second_mention_of_a_product_is_unchanged_however_it_is_spelled() -> None:
    items = [discontinue_item(0, A), discontinue_item(1, A.upper()), discontinue_item(2, A)]

    outcomes = decide_discontinuations(items, {A: StockLevel(stock=4, discontinued=False)})

    assert outcomes == [
        Discontinued(index=0, product_id=A, key=A, stock=4),
        Unchanged(index=1, product_id=A.upper()),
        Unchanged(index=2, product_id=A),
    ]


def test_an_unknown_product_fails() -> None:
    assert decide_discontinuations([discontinue_item(3, A.upper())], {}) == [
        Failed(
            index=3,
            product_id=A.upper(),
            errors=(
                ItemError(
                    code=ItemErrorCode.PRODUCT_NOT_FOUND,
                    message=f"There is no product {A}.",
                    path=("productIds", "3"),
                ),
            ),
        )
    ]


def test_a_malformed_id_fails() -> None:
    assert decide_discontinuations([discontinue_item(3, "abc")], {}) == [
        Failed(
            index=3,
            product_id="abc",
            errors=(
                ItemError(
                    code=ItemErrorCode.INVALID_PRODUCT_ID,
                    message="“abc” is not a product id: an id is 24 hexadecimal characters.",
                    path=("productIds", "3"),
                ),
            ),
        )
    ]


def test_the_ledger_gets_the_row_that_takes_the_stock_to_zero() -> None:
    assert ledger_entry(Discontinued(index=0, product_id=A.upper(), key=A, stock=9)) == LedgerEntry(
        product_id=A,
        quantity=-9,
        status=StockUpdateStatus.APPLIED,
        reason=StockUpdateReason.DISCONTINUED,
        new_stock=0,
        index=0,
    )


ids = st.lists(st.sampled_from([A, B, C, A.upper(), "d" * 24, "nonsense"]), max_size=20)
levels = st.fixed_dictionaries(
    {
        key: st.builds(StockLevel, stock=st.integers(0, 9), discontinued=st.booleans())
        for key in (A, B, C)
    }
)


@given(ids, levels)
def test_every_id_is_answered_in_its_place_and_a_product_changes_at_most_once(
    sent: list[str], known: dict[str, StockLevel]
) -> None:
    items = [discontinue_item(index, product_id) for index, product_id in enumerate(sent)]

    outcomes = decide_discontinuations(items, known)

    assert [(one.index, one.product_id) for one in outcomes] == list(enumerate(sent))
    changed = [one.key for one in outcomes if isinstance(one, Discontinued)]
    expected = {one.lower() for one in sent if one.lower() in known}
    assert sorted(changed) == sorted(key for key in expected if not known[key].discontinued)
