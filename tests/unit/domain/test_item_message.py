"""Word the message of a successful item of a stored batch."""

from datetime import UTC, datetime

import pytest

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.item_result import ItemResult, Publication
from server.domain.outcome import Failed, Outcome
from server.domain.product import Product
from server.kinds.create_products.rules import Created
from server.kinds.delete_products.rules import Deleted
from server.kinds.discontinue_products.rules import Discontinued, Unchanged
from server.kinds.shown import message as item_message
from server.kinds.update_price.rules import Priced
from server.kinds.update_products.rules import Updated
from server.kinds.update_stock.rules import Applied

ID = "a" * 24
MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)
PRODUCT = Product(
    id=ID,
    name="Cup",
    price=1500,
    stock=15,
    category="Kitchen",
    discontinued=False,
    created_at=MOMENT,
    updated_at=MOMENT,
    expires_at=None,
)
PRICED = Priced(index=0, product_id=ID, key=ID, price=1500)


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (Applied(index=0, product_id=ID, key=ID, quantity=5, new_stock=15), "Stock is now 15"),
        (Applied(index=0, product_id=ID, key=ID, quantity=-5, new_stock=0), "Stock is now 0"),
        (Discontinued(index=0, product_id=ID, key=ID, stock=3), "Discontinued"),
        (Unchanged(index=0, product_id=ID), "Was discontinued already"),
        (Created(index=0, product_id=None, product=PRODUCT, replaces=False), "Created"),
        (
            Updated(index=0, product_id=ID, key=ID, patch={"price": 1500}, product=PRODUCT),
            "Updated",
        ),
        (Deleted(index=0, product_id=ID, product=PRODUCT, cascaded=2), "Deleted"),
    ],
)
def test_a_success_says_what_was_done(outcome: Outcome, message: str) -> None:
    assert item_message(ItemResult(input={}, outcome=outcome)) == message


def test_a_failure_has_no_message() -> None:
    error = ItemError(code=ItemErrorCode.INTERNAL, message="Broken.", path=("updates", "0"))
    failed = Failed(index=0, product_id=ID, errors=(error,))

    assert item_message(ItemResult(input={}, outcome=failed)) is None
    assert item_message(ItemResult(input={}, outcome=failed, is_published=True)) is None


@pytest.mark.parametrize(
    ("is_published", "publication", "message"),
    [
        (False, None, "Price updated to 1500"),
        (True, None, "Price updated to 1500 (publication pending)"),
        (True, Publication(index=0, tx_id="tx-1"), "Price updated to 1500"),
        (True, Publication(index=0), "Price updated to 1500"),
        (True, Publication(index=0, error="No answer."), "Price updated (not published)"),
    ],
)
def test_a_new_price_says_how_far_its_publication_has_come(
    is_published: bool, publication: Publication | None, message: str
) -> None:
    result = ItemResult(
        input={}, outcome=PRICED, is_published=is_published, publication=publication
    )

    assert item_message(result) == message
