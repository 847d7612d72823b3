"""The floor: the same work by a plain synchronous PyMongo program, without any server of ours.

Per chunk one transaction: the find, one updateOne per product, the ledger rows, the commit. It
trusts its input, checks no rule, runs one chunk after the other, and answers what the server does.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from pymongo import MongoClient, UpdateOne
from pymongo.client_session import ClientSession

from bench.answer import WrongAnswer
from bench.stock.batch import Batch
from bench.transactions import in_transactions

Document = dict[str, Any]
Items = Sequence[tuple[str, int]]
Write = Callable[[Items, datetime, ClientSession], int]


class Floor:
    """`bulk_write` sends the updates of a chunk together, `update_one` each by itself."""

    def __init__(self, client: MongoClient[Document], database: str) -> None:
        self._client = client
        self._products = client[database]["products"]
        self._stock_updates = client[database]["stockUpdates"]

    def bulk_write(self, batch: Batch) -> list[int]:
        """Apply the batch with one `bulk_write` per chunk; the new stocks."""

        def write(chunk: Items, now: datetime, session: ClientSession) -> int:
            updates = [UpdateOne(*_update(item, now)) for item in chunk]
            return self._products.bulk_write(updates, session=session).matched_count

        return self._run(batch, write)

    def update_one(self, batch: Batch) -> list[int]:
        """Apply the batch with one `update_one` call per product; the new stocks."""

        def write(chunk: Items, now: datetime, session: ClientSession) -> int:
            return sum(
                self._products.update_one(*_update(item, now), session=session).matched_count
                for item in chunk
            )

        return self._run(batch, write)

    def _run(self, batch: Batch, write: Write) -> list[int]:
        stocks: list[int] = []
        for chunk, session in in_transactions(self._client, batch.items):
            stocks += self._chunk(chunk, write, session)
        return stocks

    def _chunk(self, chunk: Items, write: Write, session: ClientSession) -> list[int]:
        found = self._products.find(
            {"_id": {"$in": [ObjectId(product_id) for product_id, _ in chunk]}},
            {"stock": 1, "discontinued": 1},
            session=session,
            batch_size=len(chunk) + 1,
        )
        before = {str(document["_id"]): document["stock"] for document in found}
        now = datetime.now(UTC)
        if write(chunk, now, session) != len(chunk):
            raise WrongAnswer("The floor did not find every product")
        stocks = [before[product_id] + quantity for product_id, quantity in chunk]
        rows = [_row(item, stock, now) for item, stock in zip(chunk, stocks, strict=True)]
        self._stock_updates.insert_many(rows, session=session)
        return stocks


def _update(item: tuple[str, int], now: datetime) -> tuple[Document, Document]:
    product_id, quantity = item
    return (
        {"_id": ObjectId(product_id), "discontinued": False},
        {"$inc": {"stock": quantity}, "$set": {"updatedAt": now}},
    )


def _row(item: tuple[str, int], new_stock: int, now: datetime) -> Document:
    product_id, quantity = item
    return {
        "_id": ObjectId(),
        "productId": ObjectId(product_id),
        "quantity": quantity,
        "timestamp": now,
        "status": "applied",
        "reason": "adjustment",
        "newStock": new_stock,
    }
