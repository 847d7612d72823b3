"""The products, inside a transaction."""

from collections.abc import Collection as Ids
from collections.abc import Mapping
from datetime import datetime

from bson import ObjectId
from pymongo import UpdateMany

from server.domain.errors import UnexpectedStoreError
from server.domain.product import StockLevel
from server.mongo.documents import STOCK_LEVEL_FIELDS, to_stock_level
from server.mongo.driver import Database, Session


class Products:
    def __init__(self, database: Database, session: Session) -> None:
        self._collection = database["products"]
        self._session = session

    async def stock_levels(self, ids: Ids[str]) -> dict[str, StockLevel]:
        """The levels of those that exist, by id."""
        if not ids:
            return {}
        cursor = self._collection.find(
            {"_id": {"$in": [ObjectId(product_id) for product_id in ids]}},
            STOCK_LEVEL_FIELDS,
            session=self._session,
            batch_size=len(ids) + 1,  # one reply, and no cursor left open behind it
        )
        documents = await cursor.to_list(None)
        return {str(document["_id"]): to_stock_level(document) for document in documents}

    async def change_stock(self, changes: Mapping[str, int], now: datetime) -> None:
        """Add to the stock of each product. One command: those with the same change share a write.

        A change of 0 writes as well, so that an update that expects a stock conflicts with
        whoever changes that stock.
        """
        groups: dict[int, list[ObjectId]] = {}
        for product_id, change in changes.items():
            groups.setdefault(change, []).append(ObjectId(product_id))
        if not groups:
            return
        result = await self._collection.bulk_write(
            [
                UpdateMany(
                    {"_id": {"$in": ids}, "discontinued": False},
                    {"$inc": {"stock": change}, "$set": {"updatedAt": now}},
                )
                for change, ids in groups.items()
            ],
            session=self._session,
        )
        _require_all(result.matched_count, len(changes))

    async def discontinue(self, ids: Ids[str], now: datetime) -> None:
        """Mark the products as discontinued, with no stock left."""
        if not ids:
            return
        result = await self._collection.update_many(
            {"_id": {"$in": [ObjectId(product_id) for product_id in ids]}, "discontinued": False},
            {"$set": {"discontinued": True, "stock": 0, "updatedAt": now}},
            session=self._session,
        )
        _require_all(result.matched_count, len(ids))


def _require_all(matched: int, expected: int) -> None:
    """The transaction reads a snapshot, so what was decided from it cannot have changed."""
    if matched != expected:
        raise UnexpectedStoreError(f"{matched} of {expected} products matched: nothing is written")
