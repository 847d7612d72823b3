"""Outcomes as they stand in `batchChunks.outcomes`, and back again."""

from collections.abc import Mapping
from typing import Any

from server.domain.create import Created
from server.domain.delete import Deleted
from server.domain.discontinue import Discontinued, Unchanged
from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed, Outcome
from server.domain.price import Priced
from server.domain.product_id import canonical_id
from server.domain.stock import Applied
from server.domain.update import Patch, Updated
from server.mongo.documents import from_product, present, to_product
from server.mongo.driver import Document
from server.mongo.stored_values import from_stored, to_stored

FAILED = "failed"  # the `kind` of what did not succeed


def from_outcome(outcome: Outcome) -> Document:
    common: Document = {"index": outcome.index}
    if outcome.product_id is not None:
        common["productId"] = to_stored(outcome.product_id)
    return common | _own_fields(outcome)


def to_outcome(document: Mapping[str, Any]) -> Outcome:
    index, product_id = document["index"], _id_as_sent(document.get("productId"))
    own = document
    key = (canonical_id(product_id) or "") if product_id is not None else ""
    match document["kind"]:
        case "failed":
            errors = tuple(to_item_error(one) for one in own["errors"])
            return Failed(index=index, product_id=product_id, errors=errors)
        case "applied":
            return Applied(
                index=index,
                product_id=product_id,
                key=key,
                quantity=own["quantity"],
                new_stock=own["newStock"],
            )
        case "discontinued":
            return Discontinued(index=index, product_id=product_id, key=key, stock=own["stock"])
        case "unchanged":
            return Unchanged(index=index, product_id=product_id)
        case "priced":
            return Priced(index=index, product_id=product_id, key=key, price=own["price"])
        case kind:
            return _with_product(kind, index, product_id, key, own)


def _id_as_sent(stored: Any) -> Any:
    """As text, whatever it was: `server.batch.operation.sent_id`."""
    sent = from_stored(stored)
    return sent if sent is None or isinstance(sent, str) else str(sent)


def _with_product(
    kind: str, index: int, product_id: str, key: str, own: Mapping[str, Any]
) -> Outcome:
    product = to_product(own["product"])
    match kind:
        case "created":
            return Created(
                index=index, product_id=product_id, product=product, replaces=own["replaces"]
            )
        case "updated":
            return Updated(
                index=index, product_id=product_id, key=key, patch=Patch(), product=product
            )
        case "deleted":
            return Deleted(
                index=index, product_id=product_id, product=product, cascaded=own["cascaded"]
            )
    raise ValueError(f"an outcome of the kind {kind}")


def _own_fields(outcome: Outcome) -> Document:  # noqa: PLR0911 - one for each kind
    match outcome:
        case Failed():
            return {"kind": FAILED, "errors": [from_item_error(one) for one in outcome.errors]}
        case Applied():
            return {
                "kind": "applied",
                "quantity": outcome.quantity,
                "newStock": outcome.new_stock,
            }
        case Discontinued():
            return {"kind": "discontinued", "stock": outcome.stock}
        case Unchanged():
            return {"kind": "unchanged"}
        case Priced():
            return {"kind": "priced", "price": outcome.price}
        case Created():
            product = from_product(outcome.product)
            return {"kind": "created", "product": product, "replaces": outcome.replaces}
        case Updated():
            return {"kind": "updated", "product": from_product(outcome.product)}
        case Deleted():
            product = from_product(outcome.product)
            return {"kind": "deleted", "product": product, "cascaded": outcome.cascaded}
    raise TypeError(f"{type(outcome).__name__} is no outcome")


def from_item_error(error: ItemError) -> Document:
    return {
        "code": error.code.value,
        "message": to_stored(error.message),
        "path": [to_stored(one) for one in error.path],
        "retryable": error.retryable,
        **present(currentStock=error.current_stock),
    }


def to_item_error(document: Mapping[str, Any]) -> ItemError:
    return ItemError(
        code=ItemErrorCode(document["code"]),
        message=from_stored(document["message"]),
        path=tuple(from_stored(one) for one in document["path"]),
        retryable=document["retryable"],
        current_stock=document.get("currentStock"),
    )
