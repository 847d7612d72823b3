"""Products and rows of the ledger as MongoDB stores them, and back again."""

from collections.abc import Sequence
from datetime import datetime

from bson import ObjectId

from server.domain.item_error import ItemErrorCode
from server.domain.product import Product, StockLevel
from server.domain.stock_update import (
    LedgerEntry,
    StockUpdate,
    StockUpdateReason,
    StockUpdateStatus,
)
from server.mongo.connection.document import Document, new_object_ids, present, to_object_id

STOCK_LEVEL_FIELDS = {"stock": 1, "discontinued": 1}


def to_product(document: Document) -> Product:
    return Product(
        id=str(document["_id"]),
        name=document["name"],
        price=document["price"],
        stock=document["stock"],
        category=document["category"],
        discontinued=document["discontinued"],
        created_at=document["createdAt"],
        updated_at=document["updatedAt"],
        expires_at=document.get("expiresAt"),
    )


def from_product(product: Product) -> Document:
    document: Document = {
        "_id": ObjectId(product.id),
        "name": product.name,
        "price": product.price,
        "stock": product.stock,
        "category": product.category,
        "discontinued": product.discontinued,
        "createdAt": product.created_at,
        "updatedAt": product.updated_at,
    }
    return document | present(expiresAt=product.expires_at)


def to_stock_level(document: Document) -> StockLevel:
    return StockLevel(stock=document["stock"], discontinued=document["discontinued"])


def to_stock_update(document: Document) -> StockUpdate:
    code, batch_id = document.get("code"), document.get("batchId")
    return StockUpdate(
        id=str(document["_id"]),
        product_id=str(document["productId"]),
        quantity=document["quantity"],
        timestamp=document["timestamp"],
        status=StockUpdateStatus(document["status"]),
        reason=StockUpdateReason(document["reason"]),
        new_stock=document.get("newStock"),
        code=ItemErrorCode(code) if code else None,
        error=document.get("error"),
        batch_id=str(batch_id) if batch_id else None,
        created_by=document.get("createdBy"),
    )


def from_ledger_entries(
    entries: Sequence[LedgerEntry],
    timestamp: datetime,
    batch_id: ObjectId | None = None,
    ids: Sequence[ObjectId] | None = None,
) -> list[Document]:
    """Return a row for each entry; without `ids`, with new ones in ascending order."""
    ids = new_object_ids(len(entries)) if ids is None else ids
    return [
        from_ledger_entry(row_id, entry, timestamp, batch_id)
        for row_id, entry in zip(ids, entries, strict=True)
    ]


def row_ids(first: str | ObjectId, offsets: Sequence[int]) -> list[ObjectId]:
    """Return the ids that are that far behind the first."""
    base = int(str(first), 16)
    return [ObjectId((base + offset).to_bytes(12, "big")) for offset in offsets]


def from_ledger_entry(
    row_id: ObjectId, entry: LedgerEntry, timestamp: datetime, batch_id: ObjectId | None
) -> Document:
    document: Document = {
        "_id": row_id,
        "productId": to_object_id(entry.product_id),
        "quantity": entry.quantity,
        "timestamp": timestamp,
        "status": entry.status.value,
        "reason": entry.reason.value,
    }
    if entry.new_stock is not None:
        document["newStock"] = entry.new_stock
    if entry.code is not None:
        document |= {"code": entry.code.value, "error": entry.error}
    if entry.created_by is not None:
        document["createdBy"] = entry.created_by
    if batch_id is not None:
        document |= {"batchId": batch_id, "index": entry.index}
    return document


def unexpired(now: datetime) -> Document:
    """Return the query for products that do not expire, or expire after `now`.

    The rule itself is `server.domain.expiry.has_expired`.
    """
    return {"expiresAt": {"$not": {"$lte": now}}}
