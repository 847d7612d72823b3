"""Put products into a shop's database, look at its stocks, and check its ledger."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo import MongoClient

from server.domain.clock import utc_now
from server.domain.product import Product
from server.mongo.products.documents import from_product


class ShopStore:
    """Reach the database of a shop through `admin`, a client that no fail point touches."""

    admin: MongoClient[dict[str, Any]]
    database: str

    @property
    def products(self) -> Any:
        return self.admin[self.database]["products"]

    @property
    def marks(self) -> Any:
        return self.admin[self.database]["commitMarks"]

    @property
    def stock_updates(self) -> Any:
        return self.admin[self.database]["stockUpdates"]

    async def put(self, *stocks: int, **fields: Any) -> list[str]:
        """Insert a product for each stock, with the same `fields`; return their ids, in order."""
        products = [_product(stock=stock, **fields) for stock in stocks]
        if products:
            self.products.insert_many([from_product(one) for one in products])
        return [one.id for one in products]

    def spoil(self, *ids: str) -> None:
        """Make the validator refuse whatever is written to these products from now on."""
        self.admin[self.database].command(
            "update",
            "products",
            updates=[
                {
                    "q": {"_id": {"$in": [ObjectId(one) for one in ids]}},
                    "u": {"$set": {"price": -1}},
                    "multi": True,
                }
            ],
            bypassDocumentValidation=True,
        )

    def stocks(self) -> dict[str, int]:
        """Return the stock of every product, by id."""
        return {str(one["_id"]): one["stock"] for one in self.products.find()}

    def rows(self, **query: Any) -> list[dict[str, Any]]:
        """Return the rows of the ledger, in the order in which they were made."""
        return list(self.stock_updates.find(query).sort("_id"))

    def applied(self) -> dict[str, int]:
        """Return the sum of the applied rows of each product that has any."""
        pipeline: list[dict[str, Any]] = [
            {"$match": {"status": "applied"}},
            {"$group": {"_id": "$productId", "sum": {"$sum": "$quantity"}}},
        ]
        return {str(one["_id"]): one["sum"] for one in self.stock_updates.aggregate(pipeline)}

    def assert_ledger_explains(self, opening: Mapping[str, int]) -> None:
        """Check that stock = stock at creation + applied rows, and that each row continues another.

        The rows of a product lead from its opening stock to its stock now: each starts where
        another ended, so no two were decided on the same stock. No stock is negative.
        """
        applied = self.applied()
        expected = {one: stock + applied.get(one, 0) for one, stock in opening.items()}
        actual = self.stocks()
        assert actual == expected
        assert all(stock >= 0 for stock in actual.values())
        starts, ends = Counter(actual.items()), Counter(opening.items())
        for row in self.rows(status="applied"):
            starts[str(row["productId"]), row["newStock"] - row["quantity"]] += 1
            ends[str(row["productId"]), row["newStock"]] += 1
        assert starts == ends


def _product(*, stock: int, **fields: Any) -> Product:
    now = utc_now()
    values: dict[str, Any] = {
        "id": str(ObjectId()),
        "name": "Cup",
        "price": 100,
        "category": "tableware",
        "discontinued": False,
        "created_at": now,
        "updated_at": now,
    }
    return Product(stock=stock, **(values | fields))
