"""What is measured: the floor and each server are a side, with a database of its own."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from pymongo.collection import Collection

from bench.batch import CREATE, Batch, Document, WrongAnswer

SHELF = "shelf"  # the category of products that live for one round
_APPLIED: list[Document] = [
    {"$match": {"status": "applied"}},
    {"$group": {"_id": "$productId", "sum": {"$sum": "$quantity"}, "rows": {"$sum": 1}}},
]


class Side(ABC):
    """The collections are used between rounds only: to clear them, and to check the ledger."""

    def __init__(
        self, name: str, products: Collection[Document], ledger: Collection[Document]
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
        self._ledger.delete_many({"productId": {"$in": ids}})
        return self._products.delete_many({"_id": {"$in": ids}}).deleted_count

    def check_ledger(self, products: Sequence[Document]) -> int:
        """Return the number of applied rows; raise WrongAnswer unless these are all products, and
        each stock is the opening stock plus its applied rows.
        """
        expected, rows = {product["id"]: product["stock"] for product in products}, 0
        for group in self._ledger.aggregate(_APPLIED):
            product_id = str(group["_id"])
            expected[product_id] = expected.get(product_id, 0) + group["sum"]
            rows += group["rows"]
        if {str(found["_id"]): found["stock"] for found in self._products.find()} != expected:
            raise WrongAnswer(f"The stocks of {self.name} are not opening stock + ledger")
        return rows
