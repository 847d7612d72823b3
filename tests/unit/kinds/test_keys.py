"""What a kind says of an item before it is checked agrees with the checked item."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.item_result import Input
from server.kinds.registry import KINDS, pending_row
from server.mongo.batches.waiting.rows import PRODUCT_FIELD

HEX = st.text("0123456789abcdefABCDEF", min_size=24, max_size=24)
IDS = st.one_of(HEX, st.text(max_size=25), st.none(), st.integers(-9, 9), st.lists(st.text()))
SETTINGS = {"newPrice": 1}


@pytest.mark.parametrize("name", KINDS)
@given(product_id=IDS)
def test_the_key_of_what_was_sent_is_that_of_the_checked_item(
    name: str, product_id: object
) -> None:
    kind = KINDS[name]
    sent: Input = {kind.id_field: product_id}

    assert kind.key_of(sent) == kind.work(SETTINGS).effects.item(0, sent).key


@given(product_id=IDS, quantity=st.one_of(st.integers(), st.floats(), st.none(), st.text()))
def test_an_item_with_a_key_and_no_other_leaves_a_pending_row(
    product_id: object, quantity: object
) -> None:
    sent: Input = {"productId": product_id, "quantity": quantity}

    row = pending_row("updateStock", 3, sent)

    assert (row.product_id if row else "") == KINDS["updateStock"].key_of(sent)


def test_kinds_without_pending_rows_show_none() -> None:
    with_rows = [kind for kind in KINDS.values() if kind.pending_row is not None]

    assert [kind.name for kind in with_rows] == ["updateStock"]
    assert {kind.id_field for kind in with_rows} == {PRODUCT_FIELD}
    assert pending_row("deleteProducts", 0, {"productId": "a" * 24}) is None
    assert pending_row("of a newer server", 0, {"productId": "a" * 24}) is None
