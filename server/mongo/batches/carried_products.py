"""What the chunks of a dry run have left of each product, for the later chunks of the batch.

A chunk of a dry run is rolled back. So it is noted here how it would have left the products, in the
transaction that records its outcomes. The collection is empty unless dry runs are under way.
"""

from collections.abc import Collection as Ids
from collections.abc import Mapping

from bson import MaxKey, MinKey, ObjectId

from server.mongo.connection.commands import Commands
from server.mongo.connection.document import Document, to_object_ids
from server.mongo.connection.driver import Database, Session
from server.mongo.connection.errors import translated

_CARRIED = "carriedProducts"
_REMOVED_AT_ONCE = 10_000  # documents, about 0.2 s

Left = Mapping[str, Document | None]  # products as they are stored, by id; None if there is none


class CarriedProducts:
    """Carries products from chunk to chunk, inside a transaction."""

    def __init__(self, database: Database, session: Session) -> None:
        self._products = database["products"]
        self._commands = Commands(database, session)
        self._session = session

    async def restore(self, batch_id: str, ids: Ids[str]) -> None:
        """Bring those of the products that earlier chunks changed into the state they left.

        The transaction must be rolled back.
        """
        if not ids:
            return
        own_ids = [_id(batch_id, product_id) for product_id in ids]
        carried = await self._commands.find(_CARRIED, {"_id": {"$in": own_ids}}, {"product": 1})
        gone = [one["_id"]["product"] for one in carried if one["product"] is None]
        if gone:
            await self._products.delete_many({"_id": {"$in": gone}}, session=self._session)
        present = [one["product"] for one in carried if one["product"] is not None]
        await self._replace("products", present)

    async def left(self, ids: Ids[str]) -> Left:
        """Return the products as this transaction leaves them."""
        if not ids:
            return {}
        found = await self._commands.find("products", {"_id": {"$in": to_object_ids(ids)}}, {})
        return dict.fromkeys(ids) | {str(product["_id"]): product for product in found}

    async def carry(self, batch_id: str, left: Left) -> None:
        """Keep the products for later chunks of the batch."""
        documents: list[Document] = [
            {"_id": _id(batch_id, product_id), "product": product}
            for product_id, product in left.items()
        ]
        await self._replace(_CARRIED, documents)

    async def _replace(self, collection: str, documents: list[Document]) -> None:
        if documents:
            updates = [{"q": {"_id": one["_id"]}, "u": one, "upsert": True} for one in documents]
            await self._commands.update(collection, updates)


class CarriedReads:
    """Finds and removes carried products, outside transactions."""

    def __init__(self, database: Database) -> None:
        self._carried = database[_CARRIED]

    async def batches(self) -> list[str]:
        """Return the ids of the batches that carry products."""
        found: list[str] = []
        after: Document = {}
        with translated():
            while one := await self._carried.find_one(after, {"_id": 1}, sort=[("_id", 1)]):
                batch = one["_id"]["batch"]
                found.append(str(batch))
                after = {"_id": {"$gt": {"batch": batch, "product": MaxKey()}}}
        return found

    async def clear(self, batch_id: str) -> None:
        """Remove what the batch has carried, a part at a time."""
        batch = ObjectId(batch_id)
        own: Document = {
            "$gte": {"batch": batch, "product": MinKey()},
            "$lte": {"batch": batch, "product": MaxKey()},
        }
        with translated():
            while True:
                part = self._carried.find({"_id": own}, {"_id": 1}, sort=[("_id", 1)])
                ids = [one["_id"] for one in await part.to_list(_REMOVED_AT_ONCE)]
                if not ids:
                    return
                await self._carried.delete_many({"_id": {"$gte": ids[0], "$lte": ids[-1]}})


def _id(batch_id: str, product_id: str) -> Document:
    return {"batch": ObjectId(batch_id), "product": ObjectId(product_id)}
