"""The rules of `updatePrice`: one new price for many products."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from server.domain.errors import BadInput
from server.domain.item_error import ItemError
from server.domain.outcome import Failed, failed
from server.domain.product import (
    StockLevel,
    canonical_id,
    invalid_product_id,
    product_discontinued,
    product_not_found,
)
from server.domain.whole_number import MAX_INT, not_in_cents, whole_number

ARGUMENT = "productIds"
NEW_PRICE = "newPrice"  # the option


class PriceItem(Struct, frozen=True, kw_only=True, gc=False):
    """One product id as it was sent; `key` is its canonical spelling, "" if it is no id."""

    index: int
    product_id: str
    key: str
    errors: tuple[ItemError, ...]


class Priced(Struct, frozen=True, kw_only=True, gc=False):
    """The product has the new price, in whole cents."""

    index: int
    product_id: str
    key: str
    price: int


PriceOutcome = Priced | Failed


def check_new_price(value: object) -> int:
    """Return the price of the whole batch, in whole cents.

    Raises:
        BadInput: it is no whole number from 0 to 2 147 483 647.
    """
    price = whole_number(value, least=0, most=MAX_INT)
    if price is None:
        raise BadInput(f"{NEW_PRICE} {not_in_cents(value)}")
    return price


def price_item(index: int, product_id: str) -> PriceItem:
    """Check one id, without looking at the store."""
    key = canonical_id(product_id)
    return PriceItem(
        index=index,
        product_id=product_id,
        key=key or "",
        errors=() if key else (invalid_product_id(product_id, (ARGUMENT, str(index))),),
    )


def decide_prices(
    items: Sequence[PriceItem], levels: Mapping[str, StockLevel], price: int
) -> list[PriceOutcome]:
    """Return the outcome of each id, in input order. A product's second mention succeeds again."""
    return [_decide(item, levels.get(item.key), price) for item in items]


def _decide(item: PriceItem, level: StockLevel | None, price: int) -> PriceOutcome:
    path = (ARGUMENT, str(item.index))
    if item.errors:
        return failed(item, *item.errors)
    if level is None:
        return failed(item, product_not_found(item.key, path))
    if level.discontinued:
        return failed(item, product_discontinued(item.key, path))
    return Priced(index=item.index, product_id=item.product_id, key=item.key, price=price)
