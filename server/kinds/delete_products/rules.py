"""The rules of `batchDeleteProducts`."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from server.domain.field_check import FieldCheck
from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed, failed
from server.domain.product import Product, product_not_found

ARGUMENT = "deletes"


class DeleteItem(Struct, frozen=True, kw_only=True, gc=False):
    """One product to delete, together with its `stockUpdates` if `cascade`.

    `key` is the canonical spelling of `product_id`, "" if it is no id.
    """

    index: int
    product_id: str
    key: str
    cascade: bool
    errors: tuple[ItemError, ...]


class Deleted(Struct, frozen=True, kw_only=True, gc=False):
    """The product was deleted, with `cascaded` rows of `stockUpdates`; `product` is how it was."""

    index: int
    product_id: str
    product: Product
    cascaded: int


DeleteOutcome = Deleted | Failed


def delete_item(
    index: int, product_id: str, *, cascade: bool, own_cascade: object = None
) -> DeleteItem:
    """Check the fields, without looking at the store.

    `cascade` is the batch's option; `own_cascade` is the item's, which can only add to it.
    """
    fields = FieldCheck(ARGUMENT, index)
    key = fields.product_id("productId", product_id)
    return DeleteItem(
        index=index,
        product_id=product_id,
        key=key,
        cascade=fields.flag("cascadeDelete", own_cascade, default=False) or cascade,
        errors=tuple(fields.errors),
    )


def decide_deletions(
    items: Sequence[DeleteItem],
    products: Mapping[str, Product],
    rows: Mapping[str, int],
    waiting: Mapping[str, int] | None = None,
) -> list[DeleteOutcome]:
    """Return the outcome of each item, in input order. A product can be deleted only once.

    `products` holds the products that exist, by their id, `rows` the number of `stockUpdates` of
    those that have some, and `waiting` the number of those that wait in stored batches. A cascade
    leaves these to their batches, which will not find the product.
    """
    waiting = waiting or {}
    running = dict(products)
    outcomes: list[DeleteOutcome] = []
    for item in items:
        product, count = running.get(item.key), rows.get(item.key, 0)
        faults = item.errors or _faults(item, product, count + waiting.get(item.key, 0))
        if faults or product is None:
            outcomes.append(failed(item, *faults))
            continue
        del running[item.key]
        outcomes.append(
            Deleted(index=item.index, product_id=item.product_id, product=product, cascaded=count)
        )
    return outcomes


def _faults(item: DeleteItem, product: Product | None, rows: int) -> tuple[ItemError, ...]:
    path = (ARGUMENT, str(item.index), "productId")
    if product is None:
        return (product_not_found(item.key, path),)
    if rows and not item.cascade:
        return (_has_stock_updates(item, rows, path),)
    return ()


def _has_stock_updates(item: DeleteItem, rows: int, path: tuple[str, ...]) -> ItemError:
    count = "1 stock update" if rows == 1 else f"{rows} stock updates"
    return ItemError(
        code=ItemErrorCode.HAS_STOCK_UPDATES,
        message=f"The product {item.key} has {count}: set cascadeDelete to delete them with it.",
        path=path,
    )
