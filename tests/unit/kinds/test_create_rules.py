"""Decide `batchCreateProducts` by its rules, without a database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed
from server.domain.product import Product
from server.kinds.create_products.rules import (
    Created,
    CreateItem,
    CreateOutcome,
    create_item,
    decide_creations,
)
from tests.support.products.domain_product import product

A, B, C = "a" * 24, "b" * 24, "c" * 24
NEW = [f"{number:024x}" for number in range(20)]
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
CUP: dict[str, Any] = {
    "own_id": None,
    "name": "Cup",
    "price": 199,
    "stock": 10,
    "category": "tableware",
    "discontinued": False,
}


def item(index: int = 0, **fields: Any) -> CreateItem:
    return create_item(index, **CUP | fields)


def decide(
    *items: CreateItem,
    in_use: dict[str, datetime | None] | None = None,
    expires_at: datetime | None = None,
) -> list[CreateOutcome]:
    new_ids = NEW[: len(items)]
    return decide_creations(items, new_ids, in_use or {}, now=NOW, expires_at=expires_at)


def cup(product_id: str, **fields: Any) -> Product:
    """Return a cup as it is created at `NOW`."""
    return product(product_id, **{"created_at": NOW, "updated_at": NOW} | fields)


def duplicate(index: int, sent: str) -> Failed:
    error = ItemError(
        code=ItemErrorCode.DUPLICATE_KEY,
        message=(
            f"There is a product {sent.lower()} already: send another id, or none for a new one."
        ),
        path=("products", str(index), "id"),
    )
    return Failed(index=index, product_id=sent, errors=(error,))


def test_the_fields_are_kept_as_they_are_stored() -> None:
    assert item(2, own_id=A.upper(), name=" Mug ", price=5.0, stock=-0.0, category="\tx") == (
        CreateItem(
            index=2,
            product_id=A.upper(),
            key=A,
            name="Mug",
            price=5,
            stock=0,
            category="x",
            discontinued=False,
            errors=(),
        )
    )


def test_an_item_without_an_id_of_its_own_names_no_product() -> None:
    assert (item().product_id, item().key, item().errors) == (None, "", ())


def test_all_that_is_wrong_with_an_item_is_told_in_the_order_of_its_fields() -> None:
    bad = item(3, own_id="abc", name="", price=-1, stock=0.5, category="x" * 101)

    assert [(one.code.value, one.path) for one in bad.errors] == [
        ("INVALID_PRODUCT_ID", ("products", "3", "id")),
        ("INVALID_FIELD", ("products", "3", "name")),
        ("INVALID_FIELD", ("products", "3", "price")),
        ("INVALID_FIELD", ("products", "3", "stock")),
        ("INVALID_FIELD", ("products", "3", "category")),
    ]
    assert (bad.product_id, bad.key) == ("abc", "")


@pytest.mark.parametrize("own_id", ["", " ", "null", A + "\n", "g" * 24])
def test_whatever_is_sent_as_an_id_must_be_one(own_id: str) -> None:
    assert [one.code for one in item(own_id=own_id).errors] == [ItemErrorCode.INVALID_PRODUCT_ID]


@pytest.mark.parametrize("stock", [1, 1.0, 2**31 - 1])
def test_a_discontinued_product_has_no_stock(stock: float) -> None:
    assert item(4, discontinued=True, stock=stock).errors == (
        ItemError(
            code=ItemErrorCode.INVALID_FIELD,
            message="A discontinued product has no stock: send a stock of 0.",
            path=("products", "4", "discontinued"),
        ),
    )


def test_a_discontinued_product_without_stock_can_be_created() -> None:
    assert decide(item(discontinued=True, stock=0)) == [
        Created(
            index=0,
            product_id=None,
            product=cup(NEW[0], discontinued=True, stock=0),
            replaces=False,
        )
    ]


@pytest.mark.parametrize("stock", [-1, 0.5, 2**31])
def test_a_bad_stock_of_a_discontinued_product_is_one_error_and_not_two(stock: float) -> None:
    bad = item(discontinued=True, stock=stock)

    assert [one.path for one in bad.errors] == [("products", "0", "stock")]


def test_a_product_is_as_its_item_says() -> None:
    outcomes = decide(
        item(name="Mug", price=0, stock=0, category="kitchen"), expires_at=NOW + MILLISECOND
    )

    assert outcomes == [
        Created(
            index=0,
            product_id=None,
            product=cup(
                NEW[0],
                name="Mug",
                price=0,
                stock=0,
                category="kitchen",
                expires_at=NOW + MILLISECOND,
            ),
            replaces=False,
        )
    ]


def test_an_own_id_is_stored_in_lower_case_and_echoed_as_it_was_sent() -> None:
    assert decide(item(own_id=A.upper())) == [
        Created(index=0, product_id=A.upper(), product=cup(A), replaces=False)
    ]


def test_each_item_without_an_id_gets_the_new_one_in_its_place() -> None:
    outcomes = decide(item(0), item(1, own_id=A), item(2, name=""), item(3))

    assert [one.product.id for one in outcomes if isinstance(one, Created)] == [NEW[0], A, NEW[3]]


def test_an_id_that_is_taken_fails() -> None:
    assert decide(item(5, own_id=A.upper()), in_use={A: None}) == [duplicate(5, A.upper())]


def test_of_two_items_with_one_id_the_first_gets_it() -> None:
    outcomes = decide(item(0, own_id=A), item(1, own_id=A.upper()), item(2, own_id=A))

    assert outcomes == [
        Created(index=0, product_id=A, product=cup(A), replaces=False),
        duplicate(1, A.upper()),
        duplicate(2, A),
    ]


def test_an_item_with_a_bad_field_does_not_take_its_id() -> None:
    bad = item(0, own_id=A, name="")

    assert decide(bad, item(1, own_id=A)) == [
        Failed(index=0, product_id=A, errors=bad.errors),
        Created(index=1, product_id=A, product=cup(A), replaces=False),
    ]


def test_an_item_with_a_bad_field_is_not_told_that_its_id_is_taken() -> None:
    bad = item(0, own_id=A, name="", price=-1)

    assert decide(bad, in_use={A: None}) == [Failed(index=0, product_id=A, errors=bad.errors)]


@pytest.mark.parametrize("expiry", [NOW, NOW - MILLISECOND])
def test_the_id_of_an_expired_product_is_free_for_one_item(expiry: datetime) -> None:
    outcomes = decide(item(0, own_id=A.upper()), item(1, own_id=A), in_use={A: expiry})

    assert outcomes == [
        Created(index=0, product_id=A.upper(), product=cup(A), replaces=True),
        duplicate(1, A),
    ]


def test_the_id_of_a_product_that_will_expire_is_taken() -> None:
    assert decide(item(own_id=A), in_use={A: NOW + MILLISECOND}) == [duplicate(0, A)]


def test_an_empty_batch_has_no_outcomes() -> None:
    assert decide() == []


own_ids = st.sampled_from([None, None, A, A.upper(), B, C, "nonsense"])
expiries = st.sampled_from([None, NOW - MILLISECOND, NOW, NOW + MILLISECOND])


@given(
    st.lists(st.tuples(own_ids, st.sampled_from(["Cup", ""])), max_size=20),
    st.dictionaries(st.sampled_from([A, B]), expiries),
)
def test_every_item_is_answered_in_its_place_and_no_id_is_given_twice(
    sent: list[tuple[str | None, str]], in_use: dict[str, datetime | None]
) -> None:
    items = [item(index, own_id=one, name=name) for index, (one, name) in enumerate(sent)]

    outcomes = decide(*items, in_use=in_use)

    assert [(one.index, one.product_id) for one in outcomes] == [
        (index, own_id) for index, (own_id, _) in enumerate(sent)
    ]
    created = [one for one in outcomes if isinstance(one, Created)]
    assert len({one.product.id for one in created}) == len(created)
    free = {key for key, expiry in in_use.items() if expiry and expiry <= NOW}
    assert {one.product.id for one in created} & set(in_use) <= free
    assert all(one.replaces == (one.product.id in free) for one in created)
