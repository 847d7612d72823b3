"""The rules of `batchUpdateProducts`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypedDict

from msgspec import Struct, field
from msgspec.structs import replace

from server.domain.field_check import FieldCheck
from server.domain.item_error import ItemError
from server.domain.outcome import Failed, failed
from server.domain.product import (
    Product,
    ProductPatch,
    canonical_id,
    product_discontinued,
    product_not_found,
)

ARGUMENT = "updates"
DATA = "data"  # the object of an item that holds the fields to change


class SentPatch(TypedDict, total=False):
    """The fields that the caller sent, with any values. A null is a value, and an invalid one."""

    name: object
    price: object
    category: object


class UpdateItem(Struct, frozen=True, kw_only=True, gc=False):
    """The patch of one product, with checked fields; if `errors` is not empty, do not use them.

    `key` is the canonical spelling of `product_id`, "" if it is no id.
    """

    index: int
    product_id: str
    key: str
    patch: ProductPatch
    errors: tuple[ItemError, ...]


class Updated(Struct, frozen=True, kw_only=True, gc=False):
    """The product was changed; `product` is how this item left it. Later items may change it."""

    index: int
    product_id: str
    key: str
    product: Product
    patch: ProductPatch = field(default_factory=ProductPatch)  # it is not stored


UpdateOutcome = Updated | Failed


def sent_patch(data: object) -> SentPatch:
    """Return the fields that `data` holds; none if it is no object."""
    sent = SentPatch()
    if isinstance(data, Mapping):
        if "name" in data:
            sent["name"] = data["name"]
        if "price" in data:
            sent["price"] = data["price"]
        if "category" in data:
            sent["category"] = data["category"]
    return sent


def update_item(index: int, product_id: str, sent: SentPatch) -> UpdateItem:
    """Check all fields of one patch, without looking at the store."""
    key = canonical_id(product_id)
    fields = FieldCheck(ARGUMENT, index, DATA, keeps_others=True)
    patch = ProductPatch()
    if "name" in sent:
        patch["name"] = fields.name(sent["name"])
    if "price" in sent:
        patch["price"] = fields.price(sent["price"])
    if "category" in sent:
        patch["category"] = fields.category(sent["category"])
    is_sound = key is not None and sent and not fields.errors
    return UpdateItem(
        index=index,
        product_id=product_id,
        key=key or "",
        patch=patch,
        errors=() if is_sound else (*_own_errors(index, product_id, sent), *fields.errors),
    )


def _own_errors(index: int, product_id: str, sent: SentPatch) -> list[ItemError]:
    """Return what is wrong with an item beside the fields of its data."""
    own = FieldCheck(ARGUMENT, index)
    own.product_id("productId", product_id)
    if not sent:
        own.invalid(DATA, "The data is empty: give a name, a price or a category.")
    return own.errors


def decide_updates(
    items: Sequence[UpdateItem],
    products: Mapping[str, Product],
    *,
    now: datetime,
    expires_at: datetime | None,
) -> list[UpdateOutcome]:
    """Decide the patches in input order; each sees the product as those before it left it.

    `products` holds the products that exist, by their id. Without `expires_at` a product keeps the
    expiry that it has.
    """
    running = dict(products)
    outcomes: list[UpdateOutcome] = []
    for item in items:
        product = running.get(item.key)
        faults = item.errors or _faults(item, product)
        if faults or product is None:
            outcomes.append(failed(item, *faults))
            continue
        product = replace(
            product, **item.patch, updated_at=now, expires_at=expires_at or product.expires_at
        )
        running[item.key] = product
        outcomes.append(
            Updated(
                index=item.index,
                product_id=item.product_id,
                key=item.key,
                patch=item.patch,
                product=product,
            )
        )
    return outcomes


def net_patches(outcomes: Sequence[UpdateOutcome]) -> dict[str, ProductPatch]:
    """Return all patches of each product as one; a product without an `Updated` is left out."""
    patches: dict[str, ProductPatch] = {}
    for outcome in outcomes:
        if isinstance(outcome, Updated):
            patches[outcome.key] = patches.get(outcome.key, ProductPatch()) | outcome.patch
    return patches


def _faults(item: UpdateItem, product: Product | None) -> tuple[ItemError, ...]:
    path = (ARGUMENT, str(item.index), "productId")
    if product is None:
        return (product_not_found(item.key, path),)
    if product.discontinued:
        return (product_discontinued(item.key, path),)
    return ()
