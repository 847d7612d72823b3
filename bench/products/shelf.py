"""The products of one turn, which come and go while the others stay."""

from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, MongoClient

from bench.answer import WrongAnswer
from bench.database import NAME
from bench.products.batch import Batch, Document
from bench.products.case import require_products
from server.bootstrap import utc_now

CATEGORY = "shelf"  # that of its products begins so, which tells them from the others
_ON_SHELF = {"category": {"$regex": f"^{CATEGORY} "}}


class Shelf:
    """Empty between turns, so that every turn begins with the same database."""

    def __init__(self, client: MongoClient[dict[str, Any]]) -> None:
        self._products = client[NAME]["products"]
        self._stock_updates = client[NAME]["stockUpdates"]
        self._marks = client[NAME]["commitMarks"]

    def prepare(self, batch: Batch) -> None:
        """Put the products that the batch is to find, with their rows."""
        if batch.before:
            self._products.insert_many(batch.before)
        if batch.rows_each:
            self._stock_updates.insert_many(
                [_row(one) for one in batch.before for _ in range(batch.rows_each)]
            )

    def verify(self, batch: Batch, done: int) -> None:
        """Compare with what the batch must have left, and take it away.

        Raises:
            WrongAnswer: a count, a product or a row is another one.
        """
        if done != len(batch.inputs):
            raise WrongAnswer(f"{done} of {len(batch.inputs)} items were done")
        found = list(self._products.find(_ON_SHELF, sort=[("name", ASCENDING)]))
        require_products(found, batch.after)
        self._require_no_rows(batch)
        self._products.delete_many(_ON_SHELF)
        self._marks.delete_many({})

    def _require_no_rows(self, batch: Batch) -> None:
        ids = [one["_id"] for one in batch.before]
        if self._stock_updates.count_documents({"productId": {"$in": ids}}, limit=1):
            raise WrongAnswer("There are rows of stockUpdates left")


def _row(product: Document) -> Document:
    return {
        "_id": ObjectId(),
        "productId": product["_id"],
        "quantity": 1,
        "timestamp": utc_now(),
        "status": "applied",
        "reason": "adjustment",
        "newStock": product["stock"],
    }
