"""The guarded changes of a stored batch's state, outside transactions, and what a worker asks.

Each has the states in its filter from which it is allowed; nothing else changes a state.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.read_concern import ReadConcern

from server.domain.batch_state import FINAL, UNFINISHED, BatchState, predecessors
from server.domain.stored_batch import StoredBatch
from server.mongo.batches.counts import progress
from server.mongo.batches.documents import NO_PROGRESS, to_stored_batch
from server.mongo.collections import CHUNKS_BY_PROGRESS
from server.mongo.connection.driver import Database, Document, Session
from server.mongo.connection.errors import translated

_UNFINISHED = [state.value for state in UNFINISHED]
_FINAL = [state.value for state in FINAL]


class BatchStates:
    def __init__(self, database: Database, *, kinds: Sequence[str]) -> None:
        """`kinds` are those that this process can run: a newer server may have stored others."""
        self._database = database
        self._kinds = list(kinds)
        self._batches = database["batchOperations"]
        self._current = self._batches.with_options(read_concern=ReadConcern("local"))
        self._chunks = database["batchChunks"]

    async def stored(self, batch_id: str) -> StoredBatch | None:
        """What is needed to run it."""
        with translated():
            document = await self._batches.find_one({"_id": ObjectId(batch_id)})
        return to_stored_batch(document) if document else None

    async def with_key(self, created_by: str, key: str) -> tuple[StoredBatch, BatchState] | None:
        """The batch that has this idempotency key, and its status."""
        with translated():
            document = await self._batches.find_one(
                {"createdBy": {"$eq": created_by}, "idempotencyKey": {"$eq": key}}
            )
        return (to_stored_batch(document), BatchState(document["status"])) if document else None

    async def begin(self, batch_id: str, now: datetime, session: Session) -> StoredBatch | None:
        """The batch, PROCESSING from now on if it was PENDING; None if it has ended, or is gone.

        `session` is the claim's: a claim may see a chunk a moment before a majority has it, and so
        must whoever looks for its batch.
        """
        with translated():
            document = await self._current.find_one({"_id": ObjectId(batch_id)}, session=session)
            if document is None or document["status"] in _FINAL:
                return None
            batch = to_stored_batch(document)
            if document["status"] == BatchState.PENDING.value:
                await self._become(batch_id, BatchState.PROCESSING, {"startedAt": now})
            return batch

    async def has_chunks_left(self, batch_id: str) -> bool:
        with translated():
            left = await self._chunks.find_one(
                {"batchId": ObjectId(batch_id), "status": "pending"},
                {"batchId": 1, "_id": 0},
                hint=CHUNKS_BY_PROGRESS,
            )
        return left is not None

    async def end(self, batch: StoredBatch, status: BatchState, now: datetime) -> bool:
        """Whether the batch ended just now, and by this. Its chunks are done.

        Not if it was cancelled or failed since `batch` was read: then it is to be looked at again.
        One that nobody has seen processing, such as one that was cancelled at once, begins first.
        """
        with translated():
            one = ObjectId(batch.id)
            counts = (await progress(self._database, [one])).get(one) or NO_PROGRESS
            fields: Document = {
                "completedAt": now,
                "successCount": counts["success"],
                "failureCount": counts["failure"],
            }
            if batch.failing is not None:
                fields["error"] = batch.failing
            if status is not BatchState.CANCELLED:
                await self._become(batch.id, BatchState.PROCESSING, {"startedAt": now})
            as_read = {"cancelRequested": batch.cancel_requested, "failing": batch.failing}
            return await self._become(batch.id, status, fields, as_read)

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

    async def under_way(self, slow_since: datetime, slow_alert: str) -> Sequence[str]:
        """Batches that have begun and not ended, or are not to begin any more; and those that have
        waited since then, and of which nobody has been told yet.
        """
        pending = {"status": BatchState.PENDING.value}
        slow = {"createdAt": {"$lt": slow_since}, "alerts": {"$ne": slow_alert}}
        under_way = [
            {"status": BatchState.PROCESSING.value},
            pending | {"cancelRequested": True},
            pending | slow,
            pending | {"chunks": 0},
        ]
        with translated():
            documents = await self._batches.find(
                {"$or": under_way, "operationType": {"$in": self._kinds}}, {"_id": 1}
            ).to_list(None)
        return [str(one["_id"]) for one in documents]

    async def note_alert(self, batch_id: str, kind: str) -> bool:
        """Whether this alert is new: of several processes that see it, one logs it."""
        with translated():
            result = await self._batches.update_one(
                {"_id": ObjectId(batch_id), "alerts": {"$ne": kind}}, {"$push": {"alerts": kind}}
            )
        return bool(result.modified_count)

    async def _become(
        self,
        batch_id: str,
        status: BatchState,
        fields: Mapping[str, Any],
        condition: Mapping[str, Any] | None = None,
    ) -> bool:
        allowed = {"$in": [state.value for state in predecessors(status)]}
        result = await self._batches.update_one(
            {"_id": ObjectId(batch_id), "status": allowed, **(condition or {})},
            {"$set": {"status": status.value, **fields}},
        )
        return bool(result.modified_count)
