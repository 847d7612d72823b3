"""Decide `batchDeleteProducts` by its rules, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed
from server.kinds.delete_products.rules import Deleted, DeleteItem, decide_deletions, delete_item
from tests.support.products.domain_product import product

A, B, UNKNOWN = "a" * 24, "b" * 24, "f" * 24


def not_found(index: int, sent: str) -> Failed:
    error = ItemError(
        code=ItemErrorCode.PRODUCT_NOT_FOUND,
        message=f"There is no product {sent.lower()}.",
        path=("deletes", str(index), "productId"),
    )
    return Failed(index=index, product_id=sent, errors=(error,))


def has_stock_updates(index: int, sent: str, count: str) -> Failed:
    error = ItemError(
        code=ItemErrorCode.HAS_STOCK_UPDATES,
        message=f"The product {sent.lower()} has {count}: "
        "set cascadeDelete to delete them with it.",
        path=("deletes", str(index), "productId"),
    )
    return Failed(index=index, product_id=sent, errors=(error,))


def deleted(index: int, sent: str, cascaded: int = 0) -> Deleted:
    return Deleted(index=index, product_id=sent, product=product(sent.lower()), cascaded=cascaded)


def test_an_id_is_kept_as_it_was_sent_beside_its_one_spelling() -> None:
    assert delete_item(2, A.upper(), cascade=True) == DeleteItem(
        index=2, product_id=A.upper(), key=A, cascade=True, errors=()
    )


def test_a_malformed_id_fails_whatever_the_store_holds() -> None:
    error = ItemError(
        code=ItemErrorCode.INVALID_PRODUCT_ID,
        message="“abc” is not a product id: an id is 24 hexadecimal characters.",
        path=("deletes", "3", "productId"),
    )
    item = delete_item(3, "abc", cascade=True)

    assert (item.key, item.errors) == ("", (error,))
    assert decide_deletions([item], {A: product(A)}, {A: 1}) == [
        Failed(index=3, product_id="abc", errors=(error,))
    ]


def test_a_product_is_deleted_and_returned_as_it_was() -> None:
    assert decide_deletions([delete_item(4, A.upper(), cascade=False)], {A: product(A)}, {}) == [
        deleted(4, A.upper())
    ]


def test_a_discontinued_product_can_be_deleted() -> None:
    gone = product(A, discontinued=True)

    assert decide_deletions([delete_item(0, A, cascade=False)], {A: gone}, {}) == [
        Deleted(index=0, product_id=A, product=gone, cascaded=0)
    ]


def test_an_unknown_product_fails() -> None:
    item = delete_item(3, UNKNOWN.upper(), cascade=True)

    assert decide_deletions([item], {A: product(A)}, {}) == [not_found(3, UNKNOWN.upper())]


def test_the_second_mention_of_a_product_finds_nothing_however_it_is_spelled() -> None:
    items = [delete_item(index, one, cascade=True) for index, one in enumerate([A, A.upper(), A])]

    assert decide_deletions(items, {A: product(A)}, {A: 2}) == [
        deleted(0, A, cascaded=2),
        not_found(1, A.upper()),
        not_found(2, A),
    ]


@pytest.mark.parametrize(
    ("rows", "count"), [(1, "1 stock update"), (2, "2 stock updates"), (41, "41 stock updates")]
)
def test_a_product_that_has_stock_updates_is_kept_and_the_number_told(
    rows: int, count: str
) -> None:
    outcomes = decide_deletions(
        [delete_item(3, A.upper(), cascade=False)], {A: product(A)}, {A: rows}
    )

    assert outcomes == [has_stock_updates(3, A.upper(), count)]


def test_the_rows_of_another_product_are_no_obstacle() -> None:
    outcomes = decide_deletions([delete_item(0, A, cascade=False)], {A: product(A)}, {B: 5})

    assert outcomes == [deleted(0, A)]


def test_each_item_cascades_for_itself() -> None:
    items = [delete_item(0, A, cascade=True), delete_item(1, B, cascade=False)]

    assert decide_deletions(items, {A: product(A), B: product(B)}, {A: 3, B: 1}) == [
        deleted(0, A, cascaded=3),
        has_stock_updates(1, B, "1 stock update"),
    ]


def test_a_mention_that_was_refused_leaves_the_product_to_the_next() -> None:
    items = [
        delete_item(0, A, cascade=False),
        delete_item(1, A.upper(), cascade=True),
        delete_item(2, A, cascade=False),
    ]

    assert decide_deletions(items, {A: product(A)}, {A: 2}) == [
        has_stock_updates(0, A, "2 stock updates"),
        deleted(1, A.upper(), cascaded=2),
        not_found(2, A),
    ]


def test_the_products_that_were_read_stay_as_they_are() -> None:
    read = {A: product(A)}

    decide_deletions([delete_item(0, A, cascade=False)], read, {})

    assert read == {A: product(A)}


ids = st.sampled_from([A, A.upper(), B, UNKNOWN, "nonsense"])


@given(
    st.lists(st.tuples(ids, st.booleans()), max_size=20),
    st.dictionaries(st.sampled_from([A, B]), st.integers(1, 3)),
)
def test_every_item_is_answered_in_its_place_and_a_product_goes_once(
    sent: list[tuple[str, bool]], rows: dict[str, int]
) -> None:
    items = [delete_item(index, one, cascade=cascade) for index, (one, cascade) in enumerate(sent)]

    outcomes = decide_deletions(items, {A: product(A), B: product(B)}, rows)

    assert [(one.index, one.product_id) for one in outcomes] == [
        (index, product_id) for index, (product_id, _) in enumerate(sent)
    ]
    gone = [one.product.id for one in outcomes if isinstance(one, Deleted)]
    may_go = {one.lower() for one, cascade in sent if cascade or one.lower() not in rows}
    assert sorted(gone) == sorted({A, B} & may_go)
    assert all(
        one.cascaded == rows.get(one.product.id, 0) for one in outcomes if isinstance(one, Deleted)
    )
