"""Products, inside a transaction; reads outside one are `ProductReads`."""

from collections.abc import Collection as Ids
from collections.abc import Mapping, Sequence
from datetime import datetime

from bson import ObjectId

from server.domain.errors import UnexpectedStoreError
from server.domain.product import Product, ProductPatch, StockLevel
from server.mongo.connection.commands import Commands
from server.mongo.connection.document import LONG_AGO, Document, new_id, to_object_ids
from server.mongo.connection.driver import Database, Session
from server.mongo.connection.evidence import Evidence
from server.mongo.products.documents import (
    STOCK_LEVEL_FIELDS,
    from_product,
    to_product,
    to_stock_level,
    unexpired,
)

_FEWEST_TO_SHARE = 5  # products that share a write; fewer cost less by themselves


class Products:
    """Reads and writes products. One that has expired counts as gone, unless a method says else."""

    def __init__(self, database: Database, session: Session, evidence: Evidence) -> None:
        self._collection = database["products"]
        self._commands = Commands(database, session)
        self._session = session
        self._evidence = evidence
        self._own_ids: set[str] = set()

    def new_id(self) -> str:
        """Return an id that no product has."""
        product_id = new_id()
        self._own_ids.add(product_id)
        return product_id

    async def stock_levels(self, ids: Ids[str], now: datetime) -> dict[str, StockLevel]:
        """Return the stock levels of the products that exist, by id."""
        found = await self._find_fields(ids, unexpired(now), STOCK_LEVEL_FIELDS)
        return {str(document["_id"]): to_stock_level(document) for document in found}

    async def by_id(self, ids: Ids[str], now: datetime) -> dict[str, Product]:
        """Return the products that exist, by id."""
        if not ids:
            return {}
        cursor = self._collection.find(
            {"_id": {"$in": to_object_ids(ids)}, **unexpired(now)},
            session=self._session,
            batch_size=len(ids) + 1,  # one reply, which leaves no cursor open
        )
        products = map(to_product, await cursor.to_list(None))
        return {product.id: product for product in products}

    async def expiries(self, ids: Ids[str]) -> dict[str, datetime | None]:
        """Return the expiries of all products with these ids, by id; expired products count too."""
        found = await self._find_fields(ids, {}, {"expiresAt": 1})
        return {str(document["_id"]): document.get("expiresAt") for document in found}

    async def expired(self, now: datetime, limit: int) -> list[str]:
        """Return the ids of up to `limit` expired products, the earliest expiry first."""
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
        """Insert the products in order, with one command.

        Only an id from `new_id` is evidence of the commit: another caller may choose any other.
        """
        if not products:
            return
        self._evidence.updated()
        for product in products:
            if product.id in self._own_ids:
                self._evidence.inserted(self._collection, ObjectId(product.id), product.id)
                break
        documents = [from_product(product) for product in products]
        await self._commands.insert(self._collection.name, documents)

    async def change_stock(self, changes: Mapping[str, int], now: datetime) -> None:
        """Add to the stock of each product, with one command; equal changes share a write.

        A change of 0 writes as well, so that an update with `expectedStock` conflicts with every
        transaction that changes the stock. MongoDB writes nothing, and so meets no conflict, if an
        update leaves the document as it was: hence `updatedAt` always moves on.
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
                    else _touched(now),
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
        """Set fields of each product, with one command; equal patches share a write.

        Without `expires_at` each product keeps the expiry that it has.
        """
        common: Document = {"updatedAt": now} | ({"expiresAt": expires_at} if expires_at else {})
        groups: dict[tuple[tuple[str, object], ...], list[str]] = {}
        for product_id, patch in patches.items():
            groups.setdefault(tuple(sorted(patch.items())), []).append(product_id)
        await self._update([(ids, {"$set": dict(patch) | common}) for patch, ids in groups.items()])

    async def condemn(self, ids: Ids[str]) -> None:
        """Move the expiry of expired products far back, so that they are expired by every clock.

        As a write, it conflicts with any transaction that is about to extend such a product.
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
        own_ids = to_object_ids(ids)
        self._evidence.deleted(own_ids)
        result = await self._collection.delete_many(
            {"_id": {"$in": own_ids}}, session=self._session
        )
        _require_all(result.deleted_count, len(ids))

    async def _find_fields(
        self, ids: Ids[str], condition: Document, fields: Document
    ) -> list[Document]:
        if not ids:
            return []
        query: Document = {"_id": {"$in": to_object_ids(ids)}, **condition}
        return await self._commands.find(self._collection.name, query, fields)

    async def _update(
        self, changes: Sequence[tuple[Sequence[str], Document | list[Document]]]
    ) -> None:
        """Apply each change to its products with one command.

        The queries need no more than the ids: the rules have read the products in this transaction,
        and a snapshot does not change. By its id alone, MongoDB finds a product without a plan:
        18 µs for each, and 31 with another condition. Products that share a write cost 23 µs each
        if they are two, 18 if they are four, and 15 if they are many.
        """
        if not changes:
            return
        self._evidence.updated()
        updates = [
            update for ids, change in changes for update in _updates(to_object_ids(ids), change)
        ]
        matched = await self._commands.update(self._collection.name, updates)
        _require_all(matched, sum(len(ids) for ids, _ in changes))


def _updates(ids: list[ObjectId], change: Document | list[Document]) -> list[Document]:
    if len(ids) < _FEWEST_TO_SHARE:
        return [{"q": {"_id": product_id}, "u": change} for product_id in ids]
    return [{"q": {"_id": {"$in": ids}}, "u": change, "multi": True}]


def _touched(now: datetime) -> list[Document]:
    """Return an update that moves `updatedAt` to `now`, and on by a millisecond at the least."""
    return [{"$set": {"updatedAt": {"$max": [now, {"$add": ["$updatedAt", 1]}]}}}]


def _require_all(matched: int, expected: int) -> None:
    """Raise an error if a product did not match: in a snapshot none can have changed since."""
    if matched != expected:
        raise UnexpectedStoreError(f"{matched} of {expected} products matched: nothing is written")
