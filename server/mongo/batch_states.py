"""The guarded changes of a stored batch's state, outside transactions, and what a worker asks.

Each has the states in its filter from which it is allowed; nothing else changes a state.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId

from server.domain.batch_metrics import BatchAlertKind
from server.domain.batch_operation import BatchOperationStatus, before
from server.domain.stored_batch import StoredBatch
from server.mongo.batch_documents import NO_PROGRESS, to_stored_batch
from server.mongo.batch_progress import progress
from server.mongo.collections import CHUNKS_BY_PROGRESS
from server.mongo.driver import Database, Document
from server.mongo.errors import translated

_UNFINISHED = [status.value for status in BatchOperationStatus if not status.is_final]
_FINISHED = [status.value for status in BatchOperationStatus if status.is_final]


class BatchStates:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._batches = database["batchOperations"]
        self._chunks = database["batchChunks"]

    async def stored(self, batch_id: str) -> StoredBatch | None:
        """What is needed to run it."""
        with translated():
            document = await self._batches.find_one({"_id": ObjectId(batch_id)})
        return to_stored_batch(document) if document else None

    async def with_key(self, created_by: str, key: str) -> tuple[StoredBatch, str] | None:
        """The batch that has this idempotency key, and its status."""
        with translated():
            document = await self._batches.find_one(
                {"createdBy": {"$eq": created_by}, "idempotencyKey": {"$eq": key}}
            )
        return (to_stored_batch(document), document["status"]) if document else None

    async def begin(self, batch_id: str, now: datetime) -> StoredBatch | None:
        """The batch, PROCESSING from now on if it was PENDING; None if it has ended, or is gone."""
        with translated():
            document = await self._batches.find_one({"_id": ObjectId(batch_id)})
            if document is not None and document["status"] == BatchOperationStatus.PENDING.value:
                await self._become(batch_id, BatchOperationStatus.PROCESSING, {"startedAt": now})
        if document is None or document["status"] in _FINISHED:
            return None
        return to_stored_batch(document)

    async def has_chunks_left(self, batch_id: str) -> bool:
        with translated():
            left = await self._chunks.find_one(
                {"batchId": ObjectId(batch_id), "status": "pending"},
                {"batchId": 1, "_id": 0},
                hint=CHUNKS_BY_PROGRESS,
            )
        return left is not None

    async def end(
        self, batch_id: str, status: BatchOperationStatus, now: datetime, error: str | None = None
    ) -> bool:
        """Whether the batch ended just now, and by this. Its chunks are done.

        One that nobody has seen processing, such as one that was cancelled at once, begins first.
        """
        with translated():
            counts = (await progress(self._database, [ObjectId(batch_id)])).get(ObjectId(batch_id))
            counts = counts or NO_PROGRESS
            fields: Document = {
                "completedAt": now,
                "successCount": counts["success"],
                "failureCount": counts["failure"],
            }
            if error is not None:
                fields["error"] = error
            if status is not BatchOperationStatus.CANCELLED:
                await self._become(batch_id, BatchOperationStatus.PROCESSING, {"startedAt": now})
            return await self._become(batch_id, status, fields)

    async def request_cancel(self, batch_id: str) -> bool:
        """Whether the batch can still be cancelled; no chunk of it begins from now on."""
        with translated():
            result = await self._batches.update_one(
                {"_id": ObjectId(batch_id), "status": {"$in": _UNFINISHED}},
                {"$set": {"cancelRequested": True}},
            )
        return bool(result.matched_count)

    async def note_failure(self, batch_id: str, error: str) -> None:
        """Remember why the batch will be FAILED once its chunks are closed."""
        with translated():
            await self._batches.update_one(
                {"_id": ObjectId(batch_id), "status": {"$in": _UNFINISHED}},
                {"$set": {"failing": error}},
            )

    async def under_way(self, slow_since: datetime) -> Sequence[str]:
        """Batches that have begun and not ended, or are not to begin any more; and those that have
        waited since then, and of which nobody has been told yet.
        """
        pending = {"status": BatchOperationStatus.PENDING.value}
        slow = {"createdAt": {"$lt": slow_since}, "alerts": {"$ne": BatchAlertKind.SLOW.value}}
        under_way = [
            {"status": BatchOperationStatus.PROCESSING.value},
            pending | {"cancelRequested": True},
            pending | slow,
        ]
        with translated():
            documents = await self._batches.find({"$or": under_way}, {"_id": 1}).to_list(None)
        return [str(one["_id"]) for one in documents]

    async def note_alert(self, batch_id: str, kind: str) -> bool:
        """Whether this alert is new: of several processes that see it, one logs it."""
        with translated():
            result = await self._batches.update_one(
                {"_id": ObjectId(batch_id), "alerts": {"$ne": kind}}, {"$push": {"alerts": kind}}
            )
        return bool(result.modified_count)

    async def _become(
        self, batch_id: str, status: BatchOperationStatus, fields: Mapping[str, Any]
    ) -> bool:
        result = await self._batches.update_one(
            {"_id": ObjectId(batch_id), "status": {"$in": [one.value for one in before(status)]}},
            {"$set": {"status": status.value, **fields}},
        )
        return bool(result.modified_count)
