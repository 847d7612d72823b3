"""The floor: what a careful programmer writes with plain synchronous PyMongo for the same work.

Its collections are its own. They have no validator, and no index but `_id` and, on the ledger,
`productId` and `status`. Every 500 items are one transaction, one after the other: it reads what
the rules need, checks them, and writes with one command for each collection.
"""

import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import MongoClient, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from bench.batch import (
    CREATE,
    DELETE,
    DISCONTINUE,
    SUBMIT,
    UPDATE,
    UPDATE_STOCK,
    Batch,
    Document,
    WrongAnswer,
)
from bench.sides.side import Side

FLOOR = "floor"
CHUNK = 500  # items in a transaction: the server's default
_MAJORITY = WriteConcern("majority")
_SNAPSHOT = ReadConcern("snapshot")


class Floor(Side):
    """The program. It works in the process that measures, and is given Python values, no JSON."""

    def __init__(self, client: MongoClient[Document], database: str) -> None:
        store = client.get_database(database, write_concern=_MAJORITY)
        super().__init__(FLOOR, store["floorProducts"], store["floorStockUpdates"])
        self._client = client
        self._batches = store["floorBatches"]
        self._chunks = store["floorChunks"]
        self._ledger.create_index("productId")
        self._ledger.create_index("status")
        self._works = {
            UPDATE_STOCK.name: self._update_stock,
            CREATE.name: self._create,
            UPDATE.name: self._update,
            DELETE.name: self._delete,
            DISCONTINUE.name: self._discontinue,
        }

    def do(self, batch: Batch) -> tuple[float, Any]:
        """Return the seconds of the work, and the new stocks or the number of products."""
        started = time.perf_counter()
        result = self._submit(batch) if batch.mutation is SUBMIT else self._run(batch)
        return time.perf_counter() - started, result

    def _run(self, batch: Batch) -> Any:
        """Run the work on every chunk in a transaction; a write conflict runs it again."""
        work, result = self._works[batch.mutation.name], None
        with self._client.start_session() as session:
            for start in range(0, len(batch.items), CHUNK):
                chunk = Batch(batch.mutation, batch.items[start : start + CHUNK], batch.options)
                part = session.with_transaction(
                    partial(work, chunk), read_concern=_SNAPSHOT, write_concern=_MAJORITY
                )
                result = part if result is None else result + part
        return result

    def _update_stock(self, chunk: Batch, session: ClientSession) -> Any:
        ids = [ObjectId(item["productId"]) for item in chunk.items]
        stocks = self._active(set(ids), session)
        now, updates, rows = datetime.now(UTC), [], []
        for product_id, item in zip(ids, chunk.items, strict=True):
            quantity = item["quantity"]
            stocks[product_id] += quantity
            _require(stocks[product_id] >= 0, "a stock does not suffice")
            change = {"$inc": {"stock": quantity}, "$set": {"updatedAt": now}}
            updates.append(UpdateOne({"_id": product_id}, change))
            rows.append(_row(product_id, quantity, stocks[product_id], "adjustment", now))
        self._products.bulk_write(updates, session=session)
        self._ledger.insert_many(rows, session=session)
        return [row["newStock"] for row in rows]

    def _create(self, chunk: Batch, session: ClientSession) -> Any:
        now = datetime.now(UTC)
        products = [_product(item, now) for item in chunk.items]
        return len(self._products.insert_many(products, session=session).inserted_ids)

    def _update(self, chunk: Batch, session: ClientSession) -> Any:
        ids = [ObjectId(item["productId"]) for item in chunk.items]
        self._active(set(ids), session)
        now = datetime.now(UTC)
        updates = [
            UpdateOne({"_id": product_id}, {"$set": item["data"] | {"updatedAt": now}})
            for product_id, item in zip(ids, chunk.items, strict=True)
        ]
        return self._products.bulk_write(updates, session=session).matched_count

    def _delete(self, chunk: Batch, session: ClientSession) -> Any:
        ids = [ObjectId(item["productId"]) for item in chunk.items]
        self._found(set(ids), session)
        with_rows = self._ledger.distinct("productId", {"productId": {"$in": ids}}, session)
        if with_rows:
            _require(chunk.options["cascadeDelete"], "a product has ledger rows")
            self._ledger.delete_many({"productId": {"$in": with_rows}}, session=session)
        return self._products.delete_many({"_id": {"$in": ids}}, session=session).deleted_count

    def _discontinue(self, chunk: Batch, session: ClientSession) -> Any:
        ids = [ObjectId(product_id) for product_id in chunk.items]
        stocks = self._active(set(ids), session)
        now = datetime.now(UTC)
        change = {"$set": {"discontinued": True, "stock": 0, "updatedAt": now}}
        updated = self._products.update_many({"_id": {"$in": ids}}, change, session=session)
        rows = [_row(product_id, -stocks[product_id], 0, "discontinued", now) for product_id in ids]
        self._ledger.insert_many(rows, session=session)
        return updated.matched_count

    def _submit(self, batch: Batch) -> int:
        """Store the items for later: first the chunks, and last the batch."""
        now, batch_id = datetime.now(UTC), ObjectId()
        self._chunks.insert_many(
            {"batchId": batch_id, "status": "pending", "items": batch.items[start : start + CHUNK]}
            for start in range(0, len(batch.items), CHUNK)
        )
        self._batches.insert_one({"_id": batch_id, "status": "PENDING", "createdAt": now})
        return len(batch.items)

    def _active(self, ids: set[ObjectId], session: ClientSession) -> dict[ObjectId, int]:
        """Return the stock of each product, all of which must be there and not discontinued."""
        found = self._found(ids, session)
        _require(not any(product["discontinued"] for product in found), "one is discontinued")
        return {product["_id"]: product["stock"] for product in found}

    def _found(self, ids: set[ObjectId], session: ClientSession) -> list[Document]:
        query, fields = {"_id": {"$in": list(ids)}}, {"stock": 1, "discontinued": 1}
        found = self._products.find(query, fields, session=session, batch_size=len(ids) + 1)
        products = list(found)
        _require(len(products) == len(ids), "a product is not there")
        return products


def _product(item: Document, now: datetime) -> Document:
    fields = {name: value for name, value in item.items() if name != "id"}
    times = {"createdAt": now, "updatedAt": now}
    return {"_id": ObjectId(item.get("id")), **fields, "discontinued": False, **times}


def _row(
    product_id: ObjectId, quantity: int, new_stock: int, reason: str, now: datetime
) -> Document:
    row = {"productId": product_id, "quantity": quantity, "timestamp": now}
    return row | {"status": "applied", "reason": reason, "newStock": new_stock}


def _require(holds: bool, fault: str) -> None:
    if not holds:
        raise WrongAnswer(f"The floor refuses a batch: {fault}")
