"""Removing stored batches: submissions that never began, and batches and keys past their time."""

from datetime import datetime, timedelta

from bson import ObjectId

from server.domain.batch_state import FINAL, BatchState
from server.domain.stored_batch import LEASE_SECONDS
from server.mongo.batches.carried_products import CarriedReads
from server.mongo.batches.states import StateChanges
from server.mongo.collections import BATCHES_BY_END, KEYS_BY_AGE
from server.mongo.connection.document import Document, until
from server.mongo.connection.driver import Database
from server.mongo.connection.errors import translated

_SUBMITTING = BatchState.SUBMITTING.value
_ABANDONED = BatchState.ABANDONED.value
_FINAL = [state.value for state in FINAL]
_SILENT: Document = {"$expr": {"$lt": ["$submittedUntil", "$$NOW"]}}


class BatchRemoval:
    def __init__(self, database: Database) -> None:
        self._states = StateChanges(database)
        self._batches = database["batchOperations"]
        self._chunks = database["batchChunks"]
        self._rows = database["stockUpdates"]
        self._carried = CarriedReads(database)

    async def extend(self, batch_id: str) -> None:
        """Keep the submission from being abandoned for another while."""
        with translated():
            await self._batches.update_one(
                {"_id": ObjectId(batch_id), "status": _SUBMITTING},
                [{"$set": {"submittedUntil": until(LEASE_SECONDS)}}],
            )

    async def discard(self, batch_id: str) -> bool:
        """Abandon a submission of this process; return False if the batch runs already."""
        with translated():
            return await self._states.change(batch_id, BatchState.ABANDONED)

    async def abandon(self, batch_id: str | None = None) -> list[str]:
        """Abandon submissions that were not extended in time: the given one, or all of them.

        Return the ids of the batches to be removed: these, and those abandoned earlier.
        """
        silent: Document = {"status": _SUBMITTING, **_SILENT}
        query: Document = {"$or": [silent, {"status": _ABANDONED}]}
        if batch_id is not None:
            query["_id"] = ObjectId(batch_id)
        abandoned: list[str] = []
        with translated():
            for document in await self._batches.find(query, {"status": 1}).to_list(None):
                found_id = str(document["_id"])
                if document["status"] == _ABANDONED or await self._states.change(
                    found_id, BatchState.ABANDONED, condition=_SILENT
                ):
                    abandoned.append(found_id)
        return abandoned

    async def remove(self, batch_id: str) -> None:
        """Remove the batch, its chunks, and what else waits for it: rows of the ledger, products.

        The batch itself goes last, so that an interrupted removal is found and finished.
        """
        own_id = ObjectId(batch_id)
        with translated():
            await self._rows.delete_many({"batchId": own_id, "status": "pending"})
            await self._chunks.delete_many({"batchId": own_id})
        await self._carried.clear(batch_id)
        with translated():
            await self._batches.delete_one({"_id": own_id})

    async def clear_dry_runs(self) -> None:
        """Remove the products that dry runs have carried, once their batches have ended."""
        for batch_id in await self._carried.batches():
            with translated():
                batch = await self._batches.find_one({"_id": ObjectId(batch_id)}, {"status": 1})
            if batch is None or batch["status"] in _FINAL:
                await self._carried.clear(batch_id)

    async def outlived(
        self, now: datetime, *, batches_last: timedelta, keys_last: timedelta, limit: int
    ) -> list[str]:
        """Return up to `limit` ids of batches that ended more than `batches_last` ago.

        Left out are those that still publish, and those with a key younger than `keys_last`.
        """
        with translated():
            publishing = await self._chunks.distinct("batchId", {"publishingCount": {"$gt": 0}})
            documents = await self._batches.find(
                {
                    "status": {"$in": _FINAL},
                    "completedAt": {"$lt": now - batches_last},
                    "_id": {"$nin": publishing},
                    "$or": [
                        {"idempotencyKey": {"$exists": False}},
                        {"createdAt": {"$lt": now - keys_last}},
                    ],
                },
                {"_id": 1},
                limit=limit,
                hint=BATCHES_BY_END,
            ).to_list(None)
        return [str(document["_id"]) for document in documents]

    async def release_key(self, batch_id: str) -> None:
        """Free the batch's idempotency key for another request."""
        with translated():
            await self._batches.update_one(
                {"_id": ObjectId(batch_id)}, {"$unset": {"idempotencyKey": "", "content": ""}}
            )

    async def free_old_keys(self, stored_before: datetime) -> None:
        """Free the keys of all batches that were stored before this moment and have ended."""
        with translated():
            await self._batches.update_many(
                {
                    "idempotencyKey": {"$exists": True},
                    "createdAt": {"$lt": stored_before},
                    "status": {"$in": _FINAL},
                },
                {"$unset": {"idempotencyKey": "", "content": ""}},
                hint=KEYS_BY_AGE,
            )
