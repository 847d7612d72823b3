"""Decide `batchUpdateProducts` by its rules, without a database."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed
from server.domain.product import Product, ProductPatch
from server.kinds.update_products.rules import (
    SentPatch,
    Updated,
    UpdateItem,
    UpdateOutcome,
    decide_updates,
    net_patches,
    update_item,
)
from tests.support.products.domain_product import BEFORE, product

A, B, UNKNOWN = "a" * 24, "b" * 24, "f" * 24
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def decide(
    *items: UpdateItem, products: dict[str, Product], expires_at: datetime | None = None
) -> list[UpdateOutcome]:
    return decide_updates(items, products, now=NOW, expires_at=expires_at)


def invalid(index: int, message: str, *place: str) -> ItemError:
    path = ("updates", str(index), *place)
    return ItemError(code=ItemErrorCode.INVALID_FIELD, message=message, path=path)


def test_only_the_fields_that_were_sent_are_in_the_patch() -> None:
    assert update_item(2, A.upper(), {"name": " Mug ", "price": 5.0}) == UpdateItem(
        index=2, product_id=A.upper(), key=A, patch={"name": "Mug", "price": 5}, errors=()
    )


@pytest.mark.parametrize("sent", [{"name": "Mug"}, {"price": 0}, {"category": "x"}])
def test_one_field_alone_is_a_patch(sent: SentPatch) -> None:
    item = update_item(0, A, sent)

    assert (item.patch, item.errors) == (sent, ())


def test_an_empty_patch_is_refused() -> None:
    message = "The data is empty: give a name, a price or a category."

    assert update_item(3, A, {}).errors == (invalid(3, message, "data"),)


@pytest.mark.parametrize("field", ["name", "price", "category"])
def test_a_null_does_not_leave_the_field_out(field: str) -> None:
    sent: Any = {field: None}
    message = f"The {field} is null: leave it out to keep what there is."

    assert update_item(3, A, sent).errors == (invalid(3, message, "data", field),)


def test_all_that_is_wrong_with_an_item_is_told_in_the_order_of_its_fields() -> None:
    bad = update_item(3, "abc", {"category": "x" * 101, "price": math.nan, "name": " "})

    assert [(one.code.value, one.path) for one in bad.errors] == [
        ("INVALID_PRODUCT_ID", ("updates", "3", "productId")),
        ("INVALID_FIELD", ("updates", "3", "data", "name")),
        ("INVALID_FIELD", ("updates", "3", "data", "price")),
        ("INVALID_FIELD", ("updates", "3", "data", "category")),
    ]
    assert (bad.product_id, bad.key) == ("abc", "")


def test_an_empty_patch_of_a_malformed_id_has_two_errors() -> None:
    assert [one.path for one in update_item(0, "abc", {}).errors] == [
        ("updates", "0", "productId"),
        ("updates", "0", "data"),
    ]


@pytest.mark.parametrize(
    "sent", [{"name": "Mug"}, {"price": 0}, {"category": "x"}, {"price": 7, "category": "y"}]
)
def test_what_is_not_in_the_patch_stays(sent: Any) -> None:
    old = product(A, expires_at=LATER)

    assert decide(update_item(4, A.upper(), sent), products={A: old}) == [
        Updated(
            index=4,
            product_id=A.upper(),
            key=A,
            patch=sent,
            product=replace(old, **sent, updated_at=NOW),
        )
    ]


@pytest.mark.parametrize("old", [None, BEFORE, LATER + timedelta(days=9)])
def test_a_new_expiry_takes_the_place_of_any_other(old: datetime | None) -> None:
    (outcome,) = decide(
        update_item(0, A, {"price": 1}), products={A: product(A, expires_at=old)}, expires_at=LATER
    )

    assert isinstance(outcome, Updated)
    assert outcome.product == product(A, price=1, updated_at=NOW, expires_at=LATER)


def test_several_patches_of_a_product_build_on_each_other() -> None:
    outcomes = decide(
        update_item(0, A, {"name": "Mug", "price": 1}),
        update_item(1, B, {"price": 7}),
        update_item(2, A.upper(), {"price": 2}),
        update_item(3, A, {"category": "x"}),
        products={A: product(A), B: product(B)},
    )

    assert [one.product for one in outcomes if isinstance(one, Updated)] == [
        product(A, name="Mug", price=1, updated_at=NOW),
        product(B, price=7, updated_at=NOW),
        product(A, name="Mug", price=2, updated_at=NOW),
        product(A, name="Mug", price=2, category="x", updated_at=NOW),
    ]
    assert net_patches(outcomes) == {
        A: {"name": "Mug", "price": 2, "category": "x"},
        B: {"price": 7},
    }


def test_a_bad_patch_changes_nothing_for_those_behind_it() -> None:
    bad = update_item(0, A, {"name": "Mug", "price": -1})

    outcomes = decide(bad, update_item(1, A, {"category": "x"}), products={A: product(A)})

    assert outcomes == [
        Failed(index=0, product_id=A, errors=bad.errors),
        Updated(
            index=1,
            product_id=A,
            key=A,
            patch={"category": "x"},
            product=product(A, category="x", updated_at=NOW),
        ),
    ]
    assert net_patches(outcomes) == {A: {"category": "x"}}


def test_an_unknown_product_fails() -> None:
    error = ItemError(
        code=ItemErrorCode.PRODUCT_NOT_FOUND,
        message=f"There is no product {UNKNOWN}.",
        path=("updates", "3", "productId"),
    )

    outcomes = decide(update_item(3, UNKNOWN.upper(), {"price": 1}), products={A: product(A)})

    assert outcomes == [Failed(index=3, product_id=UNKNOWN.upper(), errors=(error,))]


def test_a_discontinued_product_takes_no_updates() -> None:
    error = ItemError(
        code=ItemErrorCode.PRODUCT_DISCONTINUED,
        message=f"The product {A} is discontinued and takes no updates.",
        path=("updates", "3", "productId"),
    )
    gone = product(A, discontinued=True, stock=0)

    outcomes = decide(update_item(3, A.upper(), {"price": 1}), products={A: gone})

    assert outcomes == [Failed(index=3, product_id=A.upper(), errors=(error,))]
    assert net_patches(outcomes) == {}


@pytest.mark.parametrize("key", [A, UNKNOWN])
def test_an_item_with_a_bad_field_is_told_nothing_of_its_product(key: str) -> None:
    bad = update_item(0, key, {"price": -1})

    outcomes = decide(bad, products={A: product(A, discontinued=True, stock=0)})

    assert outcomes == [Failed(index=0, product_id=key, errors=bad.errors)]


def test_the_products_that_were_read_stay_as_they_are() -> None:
    read = {A: product(A)}

    decide(update_item(0, A, {"price": 1}), update_item(1, A, {"price": 2}), products=read)

    assert read == {A: product(A)}


ids = st.sampled_from([A, A.upper(), B, UNKNOWN, "nonsense"])
patches = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["Mug", " Jug ", "Pot", ""]),
        "price": st.integers(-1, 5),
        "category": st.sampled_from(["x", "y", "z", None]),
    },
)


@given(st.lists(st.tuples(ids, patches), max_size=20))
def test_the_net_patches_leave_each_product_as_its_last_update_did(
    sent: list[tuple[str, Any]],
) -> None:
    read = {A: product(A), B: product(B)}
    items = [update_item(index, *one) for index, one in enumerate(sent)]

    outcomes = decide(*items, products=read)

    assert [(one.index, one.product_id) for one in outcomes] == [
        (index, product_id) for index, (product_id, _) in enumerate(sent)
    ]
    last = {one.key: one.product for one in outcomes if isinstance(one, Updated)}
    net: dict[str, ProductPatch] = net_patches(outcomes)
    assert {key: replace(read[key], **patch, updated_at=NOW) for key, patch in net.items()} == last
