"""What is measured: the floor and each server are a side, with a database of its own."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from pymongo.collection import Collection as Documents

from bench.batch import CREATE, Batch, Document, WrongAnswer
from bench.sides.ledger import ORDER, check_chains

SHELF = "shelf"  # the category of products that live for one round
Seen = Collection[tuple[str, int]]  # product ids and new stocks of answers
_NOT_PENDING = {"status": {"$ne": "pending"}}  # pending rows are of batches that no worker has run
_ROW_FIELDS = {"productId": 1, "quantity": 1, "newStock": 1, "status": 1, "timestamp": 1}


class Side(ABC):
    """The collections are used between rounds only: to clear them, and to check the ledger."""

    def __init__(
        self, name: str, products: Documents[Document], ledger: Documents[Document]
    ) -> None:
        self.name = name
        self._products = products
        self._ledger = ledger

    @abstractmethod
    def do(self, batch: Batch) -> tuple[float, Any]:
        """Return the seconds that the batch took, and its result."""

    def put(self, products: Sequence[Document]) -> None:
        """Create the products, untimed."""
        self.do(Batch(CREATE, products, {"atomic": False}))

    def clear_shelf(self) -> int:
        """Delete the products of the shelf with their ledger rows; return how many there were."""
        ids = [product["_id"] for product in self._products.find({"category": SHELF}, {"_id": 1})]
        if ids:
            self._ledger.delete_many({"productId": {"$in": ids}})
            self._products.delete_many({"_id": {"$in": ids}})
        return len(ids)

    def stocks(self, ids: Sequence[str] | None = None) -> dict[str, int]:
        """Return the stocks of these products, or of all."""
        query = {} if ids is None else {"_id": {"$in": [ObjectId(one) for one in ids]}}
        return {str(found["_id"]): found["stock"] for found in self._products.find(query)}

    def check_ledger(self, products: Sequence[Document]) -> int:
        """Return the number of ledger rows; raise WrongAnswer unless these are all products, and
        their rows lead from the opening stocks to today's.
        """
        return self._check({product["id"]: product["stock"] for product in products}, None, [])

    def watched(self, ids: Sequence[str]) -> Callable[[Seen], int]:
        """Return a function that checks what has happened to these products since, and that what
        answers have shown is in the ledger; it returns the number of new ledger rows.
        """
        since = datetime.now(UTC)
        opening = self.stocks(ids)
        chosen = {"productId": {"$in": [ObjectId(one) for one in ids]}}
        return lambda seen: self._check(opening, chosen | {"timestamp": {"$gte": since}}, seen)

    def _check(self, opening: Mapping[str, int], query: Document | None, seen: Seen) -> int:
        rows = (
            self._ledger.find(_NOT_PENDING | (query or {}), _ROW_FIELDS)
            .sort(ORDER)
            .allow_disk_use(True)
        )
        closing = self.stocks(list(opening) if query else None)
        try:
            return check_chains(opening, rows, closing, seen)
        except WrongAnswer as error:
            raise WrongAnswer(f"{self.name}: {error}") from error
