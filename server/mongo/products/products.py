"""The products, inside a transaction. What has expired is not there, unless a method says so."""

from collections.abc import Collection as Ids
from collections.abc import Mapping, Sequence
from datetime import datetime

from bson import ObjectId
from pymongo import UpdateMany

from server.domain.errors import UnexpectedStoreError
from server.domain.product import Product, ProductPatch, StockLevel
from server.mongo.connection.document import LONG_AGO, Document, to_object_ids
from server.mongo.connection.driver import Database, Session
from server.mongo.connection.evidence import Evidence
from server.mongo.products.documents import (
    STOCK_LEVEL_FIELDS,
    from_product,
    to_product,
    to_stock_level,
    unexpired,
)


class Products:
    def __init__(self, database: Database, session: Session, evidence: Evidence) -> None:
        self._collection = database["products"]
        self._session = session
        self._evidence = evidence
        self._made: set[str] = set()

    def new_id(self) -> str:
        """An id that no product has."""
        made = str(ObjectId())
        self._made.add(made)
        return made

    async def stock_levels(self, ids: Ids[str], now: datetime) -> dict[str, StockLevel]:
        """The levels of those that exist, by id."""
        found = await self._find(ids, unexpired(now), STOCK_LEVEL_FIELDS)
        return {str(document["_id"]): to_stock_level(document) for document in found}

    async def by_id(self, ids: Ids[str], now: datetime) -> dict[str, Product]:
        """Those that exist, by id."""
        found = await self._find(ids, unexpired(now))
        return {str(document["_id"]): to_product(document) for document in found}

    async def expiries(self, ids: Ids[str]) -> dict[str, datetime | None]:
        """Which of the ids are in use, by expired products too, and until when."""
        found = await self._find(ids, {}, {"expiresAt": 1})
        return {str(document["_id"]): document.get("expiresAt") for document in found}

    async def expired(self, now: datetime, limit: int) -> list[str]:
        """The ids of those that have expired, the first to do so first."""
        cursor = self._collection.find(
            {"expiresAt": {"$lte": now}},
            {"_id": 1},
            sort=[("expiresAt", 1)],
            limit=limit,
            batch_size=limit + 1,
            session=self._session,
        )
        return [str(document["_id"]) for document in await cursor.to_list(None)]

    async def insert(self, products: Sequence[Product]) -> None:
        """Insert them, in order, with one command.

        Only an id that was made here is evidence: any other somebody else may bring as well.
        """
        if not products:
            return
        self._evidence.updated()
        for product in products:
            if product.id in self._made:
                self._evidence.inserted(self._collection, ObjectId(product.id), product.id)
                break
        documents = [from_product(product) for product in products]
        await self._collection.insert_many(documents, session=self._session)

    async def change_stock(self, changes: Mapping[str, int], now: datetime) -> None:
        """Add to the stock of each product. One command: those with the same change share a write.

        A change of 0 writes as well, so that an update that expects a stock conflicts with
        whoever changes that stock.

        Source: MongoDB writes nothing, and so has no conflict, if an update leaves a document as
        it was; hence the time that only moves on.
        """
        groups: dict[int, list[str]] = {}
        for product_id, change in changes.items():
            groups.setdefault(change, []).append(product_id)
        await self._update(
            [
                (
                    ids,
                    {"$inc": {"stock": change}, "$set": {"updatedAt": now}}
                    if change
                    else _moved(now),
                )
                for change, ids in groups.items()
            ]
        )

    async def discontinue(self, ids: Sequence[str], now: datetime) -> None:
        """Mark the products as discontinued, with no stock left."""
        fields = {"discontinued": True, "stock": 0, "updatedAt": now}
        await self._update([(ids, {"$set": fields})] if ids else [])

    async def patch(
        self, patches: Mapping[str, ProductPatch], now: datetime, expires_at: datetime | None
    ) -> None:
        """Set fields of each product. One command: those with the same patch share a write.

        Without `expires_at` each keeps the expiry that it has.
        """
        common: Document = {"updatedAt": now} | ({"expiresAt": expires_at} if expires_at else {})
        groups: dict[tuple[tuple[str, object], ...], list[str]] = {}
        for product_id, patch in patches.items():
            groups.setdefault(tuple(sorted(patch.items())), []).append(product_id)
        await self._update([(ids, {"$set": dict(patch) | common}) for patch, ids in groups.items()])

    async def condemn(self, ids: Ids[str]) -> None:
        """Let expired products be expired by every clock, however slow: nobody may save them now.

        It is a write, so it conflicts with whoever is about to.
        """
        if not ids:
            return
        self._evidence.updated()
        result = await self._collection.update_many(
            {"_id": {"$in": to_object_ids(ids)}},
            {"$set": {"expiresAt": LONG_AGO}},
            session=self._session,
        )
        _require_all(result.matched_count, len(ids))

    async def delete(self, ids: Sequence[str]) -> None:
        """Delete the products, expired or not."""
        if not ids:
            return
        doomed = to_object_ids(ids)
        self._evidence.deleted(doomed)
        result = await self._collection.delete_many({"_id": {"$in": doomed}}, session=self._session)
        _require_all(result.deleted_count, len(ids))

    async def _find(
        self, ids: Ids[str], condition: Document, fields: Document | None = None
    ) -> list[Document]:
        if not ids:
            return []
        cursor = self._collection.find(
            {"_id": {"$in": to_object_ids(ids)}, **condition},
            fields,
            session=self._session,
            batch_size=len(ids) + 1,  # one reply, and no cursor left open behind it
        )
        found: list[Document] = await cursor.to_list(None)
        return found

    async def _update(
        self, changes: Sequence[tuple[Sequence[str], Document | list[Document]]]
    ) -> None:
        """Apply each change to its products, none of which is discontinued; all in one command."""
        if not changes:
            return
        self._evidence.updated()
        result = await self._collection.bulk_write(
            [
                UpdateMany({"_id": {"$in": to_object_ids(ids)}, "discontinued": False}, change)
                for ids, change in changes
            ],
            session=self._session,
        )
        _require_all(result.matched_count, sum(len(ids) for ids, _ in changes))


def _moved(now: datetime) -> list[Document]:
    """Set `updatedAt` to `now`, or to a millisecond later than it was: it never stays the same."""
    return [{"$set": {"updatedAt": {"$max": [now, {"$add": ["$updatedAt", 1]}]}}}]


def _require_all(matched: int, expected: int) -> None:
    """The transaction reads a snapshot, so what was decided from it cannot have changed."""
    if matched != expected:
        raise UnexpectedStoreError(f"{matched} of {expected} products matched: nothing is written")
