"""Taking away what is stored of a batch, or its key: it never began, or has outlived its use."""

from datetime import datetime, timedelta

from bson import ObjectId

from server.domain.batch_state import FINAL, BatchState
from server.domain.stored_batch import LEASE_SECONDS
from server.mongo.collections import BATCHES_BY_END, KEYS_BY_AGE
from server.mongo.connection.driver import Database, Document, until
from server.mongo.connection.errors import translated

_SUBMITTING = BatchState.SUBMITTING.value
_ABANDONED = BatchState.ABANDONED.value
_FINAL = [state.value for state in FINAL]


class BatchRemoval:
    def __init__(self, database: Database) -> None:
        self._batches = database["batchOperations"]
        self._chunks = database["batchChunks"]
        self._rows = database["stockUpdates"]

    async def discard(self, batch_id: str) -> bool:
        """Whether the submission had not begun to run; then it is to be removed, and never will."""
        with translated():
            result = await self._batches.update_one(
                {"_id": ObjectId(batch_id), "status": _SUBMITTING}, {"$set": {"status": _ABANDONED}}
            )
        return bool(result.matched_count)

    async def remove(self, batch_id: str) -> None:
        """The batch goes last, so that an interrupted removal is found and ended.

        Rows that wait for it go; those that tell what happened stay.
        """
        one = ObjectId(batch_id)
        with translated():
            await self._rows.delete_many({"batchId": one, "status": "pending"})
            await self._chunks.delete_many({"batchId": one})
            await self._batches.delete_one({"_id": one})

    async def release_key(self, batch_id: str) -> None:
        """Let the key be used anew."""
        with translated():
            await self._batches.update_one(
                {"_id": ObjectId(batch_id)}, {"$unset": {"idempotencyKey": "", "content": ""}}
            )

    async def outlived(
        self, now: datetime, *, batches_last: timedelta, keys_last: timedelta, limit: int
    ) -> list[str]:
        """Some of the batches that ended long ago: their prices are published, and their keys are
        not kept any more.
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
        return [str(one["_id"]) for one in documents]

    async def extend(self, batch_id: str) -> None:
        """Say that the submission goes on."""
        with translated():
            await self._batches.update_one(
                {"_id": ObjectId(batch_id), "status": _SUBMITTING},
                [{"$set": {"submittedUntil": until(LEASE_SECONDS)}}],
            )

    async def abandon(self, batch_id: str | None = None) -> list[str]:
        """Give up submissions whose process has not been heard of for a while: this one, or all.

        They are to be removed, as are those that somebody gave up before and did not remove.
        """
        own: Document = {"_id": ObjectId(batch_id)} if batch_id is not None else {}
        silent = {"status": _SUBMITTING, "$expr": {"$lt": ["$submittedUntil", "$$NOW"]}}
        with translated():
            await self._batches.update_many({**own, **silent}, {"$set": {"status": _ABANDONED}})
            documents = await self._batches.find({**own, "status": _ABANDONED}, {"_id": 1}).to_list(
                None
            )
        return [str(one["_id"]) for one in documents]

    async def free_old_keys(self, before_: datetime) -> None:
        """Keys of batches that ended and were stored before this."""
        with translated():
            await self._batches.update_many(
                {
                    "idempotencyKey": {"$exists": True},
                    "createdAt": {"$lt": before_},
                    "status": {"$in": _FINAL},
                },
                {"$unset": {"idempotencyKey": "", "content": ""}},
                hint=KEYS_BY_AGE,
            )
