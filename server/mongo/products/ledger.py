"""The ledger of stock updates, inside a transaction; reads outside one are `LedgerReads`."""

from collections.abc import Collection as Ids
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from bson import ObjectId
from pymongo.errors import BulkWriteError

from server.domain.errors import LeaseLost, TooManyRows
from server.domain.stock_update import LedgerEntry
from server.mongo.connection.commands import Commands
from server.mongo.connection.document import Document, to_object_ids
from server.mongo.connection.driver import Database, Session
from server.mongo.connection.errors import is_duplicate_key
from server.mongo.connection.evidence import Evidence
from server.mongo.products.documents import from_ledger_entries, row_ids

MOST_ROWS = 100_000  # deleted in one transaction: 300 000 took 6 s, and 400 000 never ended


class Row(NamedTuple):
    """The id of a row, and of its product."""

    id: str
    product_id: str


class Ledger:
    def __init__(self, database: Database, session: Session, evidence: Evidence) -> None:
        self._database = database
        self._collection = database["stockUpdates"]
        self._commands = Commands(database, session)
        self._session = session
        self._evidence = evidence

    async def record(
        self,
        entries: Sequence[LedgerEntry],
        timestamp: datetime,
        batch_id: str | None = None,
        first_row: str | None = None,
    ) -> None:
        """Insert the rows in order, with one command; `batch_id` is that of a stored batch.

        With `first_row`, the id of a row is as far behind it as its item is behind the first.

        Raises:
            LeaseLost: a row with such an id is there: another worker has run its item.
        """
        if not entries:
            return
        batch = ObjectId(batch_id) if batch_id else None
        if first_row is not None:
            ids = row_ids(first_row, [entry.index or 0 for entry in entries])
            await self._record_once(from_ledger_entries(entries, timestamp, batch, ids))
            return
        documents = from_ledger_entries(entries, timestamp, batch)
        self._evidence.inserted(self._collection, documents[0]["_id"], entries[0].product_id)
        await self._commands.insert(self._collection.name, documents)

    async def _record_once(self, documents: Sequence[Document]) -> None:
        self._evidence.updated()  # the ids are no evidence: another process can insert them too
        try:
            await self._commands.insert(self._collection.name, documents)
        except BulkWriteError as error:
            if is_duplicate_key(error):
                raise LeaseLost("another worker has inserted the rows of the chunk") from error
            raise

    async def settle(
        self, batch_id: str, entries: Sequence[LedgerEntry], timestamp: datetime
    ) -> None:
        """Update the stored pending rows of these entries to their final form, with one command.

        Only 0.1.0 stored such rows: today's are inserted when they are settled.

        A row may have been deleted with its product; then all of them are inserted again.
        """
        if not entries:
            return
        self._evidence.updated()
        indexes = [entry.index for entry in entries]
        place = {"$indexOfArray": [indexes, "$index"]}
        fields: Document = {
            "timestamp": timestamp,
            "status": _at(place, [entry.status.value for entry in entries]),
            "newStock": _at(place, [entry.new_stock for entry in entries]),
        }
        if any(entry.code for entry in entries):
            fields["code"] = _at(place, [entry.code and entry.code.value for entry in entries])
            fields["error"] = _at(place, [entry.error for entry in entries])
        own = {"batchId": ObjectId(batch_id), "index": {"$in": indexes}}
        result = await self._collection.update_many(own, [{"$set": fields}], session=self._session)
        if result.matched_count < len(entries):
            await self._collection.delete_many(own, session=self._session)
            batch = ObjectId(batch_id)
            documents = from_ledger_entries(entries, timestamp, batch)
            await self._commands.insert(self._collection.name, documents)

    async def counts(self, product_ids: Ids[str]) -> dict[str, int]:
        """Return how many rows each product has, without the products that have none.

        The aggregation is sent as a command, since the two drivers return its cursor differently.
        """
        if not product_ids:
            return {}
        reply = await self._database.command(
            {
                "aggregate": self._collection.name,
                "pipeline": [
                    {"$match": {"productId": {"$in": to_object_ids(product_ids)}}},
                    {"$group": {"_id": "$productId", "count": {"$sum": 1}}},
                ],
                "cursor": {"batchSize": len(product_ids) + 1},
            },
            session=self._session,
        )
        return {str(found["_id"]): found["count"] for found in reply["cursor"]["firstBatch"]}

    async def first(self, product_ids: Ids[str], limit: int) -> list[Row]:
        """Return up to `limit` rows of these products, sorted by product and time."""
        if not product_ids:
            return []
        cursor = self._collection.find(
            {"productId": {"$in": to_object_ids(product_ids)}},
            {"productId": 1},
            sort=[("productId", 1), ("timestamp", 1), ("_id", 1)],
            limit=limit,
            batch_size=limit + 1,
            session=self._session,
        )
        return [
            Row(id=str(row["_id"]), product_id=str(row["productId"]))
            for row in await cursor.to_list(None)
        ]

    async def delete(self, rows: Ids[Row]) -> None:
        """Delete the rows."""
        if rows:
            self._evidence.deleted(to_object_ids({row.product_id for row in rows}))
            await self._collection.delete_many(
                {"_id": {"$in": to_object_ids([row.id for row in rows])}}, session=self._session
            )

    async def delete_of(self, counts: Mapping[str, int]) -> None:
        """Delete all rows of these products; `counts` says how many rows each product has.

        Raises:
            TooManyRows: they have more than `MOST_ROWS` together; nothing was deleted.
        """
        if sum(counts.values()) > MOST_ROWS:
            raise TooManyRows(f"{sum(counts.values())} rows to delete in one transaction")
        if counts:
            product_ids = to_object_ids(counts)
            self._evidence.deleted(product_ids)
            await self._collection.delete_many(
                {"productId": {"$in": product_ids}}, session=self._session
            )


def _at(place: Document, values: Sequence[Any]) -> Document:
    """Return an expression for the value at `place`; it removes the field if the value is None."""
    if len(set(values)) == 1 and values[0] is not None:
        return {"$literal": values[0]}
    return {"$ifNull": [{"$arrayElemAt": [{"$literal": list(values)}, place]}, "$$REMOVE"]}
