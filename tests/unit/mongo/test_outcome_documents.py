"""Store outcomes as documents, and read them back."""

from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from msgspec.structs import replace

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed, Outcome
from server.domain.product import Product, ProductPatch
from server.kinds.create_products.rules import Created
from server.kinds.delete_products.rules import Deleted
from server.kinds.discontinue_products.rules import Discontinued, Unchanged
from server.kinds.outcomes import to_document, to_outcome
from server.kinds.update_price.rules import Priced
from server.kinds.update_products.rules import Updated
from server.kinds.update_stock.rules import Applied

NOON = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)
ONE = "a" * 24
HALF = "\ud800"
PRODUCT = Product(
    id=ONE,
    name="Cup",
    price=199,
    stock=3,
    category="tableware",
    discontinued=False,
    created_at=NOON,
    updated_at=NOON,
)
OUTCOMES: list[Any] = [
    Applied(index=0, product_id=ONE.upper(), key=ONE, quantity=-5, new_stock=0),
    Discontinued(index=1, product_id=ONE, key=ONE, stock=2**31 - 1),
    Unchanged(index=2, product_id=ONE.upper()),
    Priced(index=3, product_id=ONE.upper(), key=ONE, price=0),
    Created(index=4, product_id=ONE, product=PRODUCT, replaces=False),
    Created(index=5, product_id=ONE, product=replace(PRODUCT, expires_at=NOON), replaces=True),
    Updated(index=6, product_id=ONE.upper(), key=ONE, patch=ProductPatch(), product=PRODUCT),
    Deleted(index=7, product_id=ONE, product=PRODUCT, cascaded=17),
]


def stored_and_back(outcome: Outcome) -> Outcome:
    options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
    return to_outcome(bson.decode(bson.encode(to_document(outcome)), options))


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda one: type(one).__name__)
def test_what_succeeded_comes_back_as_it_was(outcome: Outcome) -> None:
    assert stored_and_back(outcome) == outcome


def test_the_patch_of_an_update_is_not_kept() -> None:
    """Nothing needs it any more: the product shows its effect."""
    updated = Updated(
        index=0, product_id=ONE, key=ONE, patch=ProductPatch(price=5), product=PRODUCT
    )

    assert stored_and_back(updated) == replace(updated, patch=ProductPatch())


@pytest.mark.parametrize("code", ItemErrorCode)
def test_every_error_comes_back_as_it_was(code: ItemErrorCode) -> None:
    errors = (
        ItemError(code=code, message="Why.", path=("updates", "0")),
        ItemError(
            code=code, message=f"“{HALF}”", path=("a", HALF), retryable=True, current_stock=0
        ),
    )
    failed = Failed(index=3, product_id=ONE, errors=errors)

    assert stored_and_back(failed) == failed


@pytest.mark.parametrize("product_id", [None, "", "zz", HALF, "\0", ONE.upper()])
def test_the_id_of_what_failed_is_what_was_sent(product_id: str | None) -> None:
    error = ItemError(code=ItemErrorCode.INVALID_PRODUCT_ID, message="No.", path=("updates", "0"))
    failed = Failed(index=0, product_id=product_id, errors=(error,))

    assert stored_and_back(failed) == failed


def test_an_unknown_kind_is_an_error() -> None:
    document = to_document(OUTCOMES[4]) | {"kind": "lost"}

    with pytest.raises(KeyError, match="lost"):
        to_outcome(document)
