"""The rules of `batchCreateProducts`."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from server.domain.expiry import has_expired
from server.domain.field_check import FieldCheck
from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed, failed
from server.domain.product import Product

ARGUMENT = "products"


class CreateItem(Struct, frozen=True, kw_only=True, gc=False):
    """A product to create, with checked fields; if `errors` is not empty, do not use them.

    `product_id` is the caller's own id as it was sent, None if the product is to get a new id.
    `key` is its canonical spelling, "" if there is none.
    """

    index: int
    product_id: str | None
    key: str
    name: str
    price: int
    stock: int
    category: str
    discontinued: bool
    errors: tuple[ItemError, ...]


class Created(Struct, frozen=True, kw_only=True, gc=False):
    """The product was created. `replaces`: it takes the id of a product that has expired."""

    index: int
    product_id: str | None
    product: Product
    replaces: bool


CreateOutcome = Created | Failed


def create_item(  # noqa: PLR0913 - the fields of a product
    index: int,
    *,
    own_id: str | None,
    name: object,
    price: object,
    stock: object,
    category: object,
    discontinued: object = None,
) -> CreateItem:
    """Check all fields of one product, without looking at the store."""
    fields = FieldCheck(ARGUMENT, index)
    key = "" if own_id is None else fields.product_id("id", own_id)
    checked_name, checked_price = fields.name(name), fields.price(price)
    checked_stock, checked_category = fields.stock(stock), fields.category(category)
    is_discontinued = fields.flag("discontinued", discontinued, default=False)
    if is_discontinued and checked_stock > 0:
        fields.invalid("discontinued", "A discontinued product has no stock: send a stock of 0.")
    return CreateItem(
        index=index,
        product_id=own_id,
        key=key,
        name=checked_name,
        price=checked_price,
        stock=checked_stock,
        category=checked_category,
        discontinued=is_discontinued,
        errors=tuple(fields.errors),
    )


def decide_creations(
    items: Sequence[CreateItem],
    new_ids: Sequence[str],
    in_use: Mapping[str, datetime | None],
    *,
    now: datetime,
    expires_at: datetime | None,
) -> list[CreateOutcome]:
    """Return the outcome of each item, in input order.

    An item without an id of its own gets the unused id at its place in `new_ids`. `in_use` holds
    the expiry of each product that has an id of one of the items; after its expiry the id is free.
    Of two valid items with the same id the first gets it.
    """
    taken = {product_id for product_id, expiry in in_use.items() if not has_expired(expiry, now)}
    outcomes: list[CreateOutcome] = []
    for item, new_id in zip(items, new_ids, strict=True):
        if item.errors:
            outcomes.append(failed(item, *item.errors))
        elif item.key in taken:
            outcomes.append(failed(item, _duplicate(item)))
        else:
            taken.update([item.key] if item.key else [])
            outcomes.append(
                Created(
                    index=item.index,
                    product_id=item.product_id,
                    product=_product(item, item.key or new_id, now=now, expires_at=expires_at),
                    replaces=item.key in in_use,
                )
            )
    return outcomes


def _product(
    item: CreateItem, product_id: str, *, now: datetime, expires_at: datetime | None
) -> Product:
    return Product(
        id=product_id,
        name=item.name,
        price=item.price,
        stock=item.stock,
        category=item.category,
        discontinued=item.discontinued,
        created_at=now,
        updated_at=now,
        expires_at=expires_at,
    )


def _duplicate(item: CreateItem) -> ItemError:
    return ItemError(
        code=ItemErrorCode.DUPLICATE_KEY,
        message=f"There is a product {item.key} already: send another id, or none for a new one.",
        path=(ARGUMENT, str(item.index), "id"),
    )
