"""Stored batches, outside transactions: what is known of them, and their guarded changes of state.

Progress is the sum over the chunks, read along an index that holds all of it: a counter that all
chunks' transactions changed would have them conflict with each other.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from server.domain.batch_operation import BatchOperation, BatchOperationStatus, before
from server.domain.filters import BatchOperationFilter
from server.domain.lease import LEASE_SECONDS
from server.domain.page import Page, PageRequest
from server.domain.stored_batch import StoredBatch
from server.mongo.batch_documents import NO_PROGRESS, to_batch_operation, to_stored_batch
from server.mongo.collections import (
    ABANDONED,
    BATCHES_BY_CREATION,
    BATCHES_BY_END,
    BATCHES_BY_STATUS,
    CHUNKS_BY_PROGRESS,
    KEYS_BY_AGE,
    SUBMITTING,
)
from server.mongo.database_clock import until
from server.mongo.driver import SNAPSHOT, Database, Document
from server.mongo.errors import translated
from server.mongo.listing import Listing, count, read_page

_BY_TYPE = "operationType_1_createdAt_1__id_1"
_STATUSES = [status.value for status in BatchOperationStatus]
_UNFINISHED = [status.value for status in BatchOperationStatus if not status.is_final]
_FINISHED = [status.value for status in BatchOperationStatus if status.is_final]


class BatchOperations:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._batches = database["batchOperations"]
        self._chunks = database["batchChunks"]
        self._snapshot = self._batches.with_options(read_concern=SNAPSHOT)

    async def one(self, batch_id: str) -> BatchOperation | None:
        """The batch as it is now."""
        with translated():
            document = await self._snapshot.find_one(
                {"_id": ObjectId(batch_id), "status": {"$in": _STATUSES}}
            )
            if document is None:
                return None
            (batch,) = await self._with_progress([document])
            return batch

    async def page(self, where: BatchOperationFilter, request: PageRequest) -> Page[BatchOperation]:
        """Newest first."""
        found = await read_page(self._snapshot, _listing(where), request, dict)
        with translated():
            batches = await self._with_progress(found.items)
        return Page(
            items=batches,
            cursors=found.cursors,
            has_next=found.has_next,
            has_previous=found.has_previous,
        )

    async def count(self, where: BatchOperationFilter) -> int:
        return await count(self._snapshot, _listing(where))

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

    async def release_key(self, batch_id: str) -> None:
        """Let the key be used anew."""
        with translated():
            await self._batches.update_one(
                {"_id": ObjectId(batch_id)}, {"$unset": {"idempotencyKey": "", "content": ""}}
            )

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
            counts = (await self._progress([ObjectId(batch_id)])).get(ObjectId(batch_id))
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

    async def under_way(self) -> Sequence[str]:
        """Batches that have begun and not ended, or are not to begin any more."""
        cancelled = {"status": BatchOperationStatus.PENDING.value, "cancelRequested": True}
        with translated():
            documents = await self._batches.find(
                {"$or": [{"status": BatchOperationStatus.PROCESSING.value}, cancelled]}, {"_id": 1}
            ).to_list(None)
        return [str(one["_id"]) for one in documents]

    async def note_alert(self, batch_id: str, kind: str) -> bool:
        """Whether this alert is new: of several processes that see it, one logs it."""
        with translated():
            result = await self._batches.update_one(
                {"_id": ObjectId(batch_id), "alerts": {"$ne": kind}}, {"$push": {"alerts": kind}}
            )
        return bool(result.modified_count)

    async def outlived(
        self, now: datetime, *, batches_last: timedelta, keys_last: timedelta, limit: int
    ) -> list[str]:
        """Some of the batches that ended long ago, and whose key is not kept any more."""
        with translated():
            documents = await self._batches.find(
                {
                    "status": {"$in": _FINISHED},
                    "completedAt": {"$lt": now - batches_last},
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
                {"_id": ObjectId(batch_id), "status": SUBMITTING},
                [{"$set": {"submittedUntil": until(LEASE_SECONDS)}}],
            )

    async def abandon(self, batch_id: str | None = None) -> list[str]:
        """Give up submissions whose process has not been heard of for a while: this one, or all.

        They are to be removed, as are those that somebody gave up before and did not remove.
        """
        own: Document = {"_id": ObjectId(batch_id)} if batch_id is not None else {}
        silent = {"status": SUBMITTING, "$expr": {"$lt": ["$submittedUntil", "$$NOW"]}}
        with translated():
            await self._batches.update_many({**own, **silent}, {"$set": {"status": ABANDONED}})
            documents = await self._batches.find({**own, "status": ABANDONED}, {"_id": 1}).to_list(
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
                    "status": {"$in": _FINISHED},
                },
                {"$unset": {"idempotencyKey": "", "content": ""}},
                hint=KEYS_BY_AGE,
            )

    async def _become(
        self, batch_id: str, status: BatchOperationStatus, fields: Mapping[str, Any]
    ) -> bool:
        result = await self._batches.update_one(
            {"_id": ObjectId(batch_id), "status": {"$in": [one.value for one in before(status)]}},
            {"$set": {"status": status.value, **fields}},
        )
        return bool(result.modified_count)

    async def _with_progress(self, documents: Sequence[Any]) -> list[BatchOperation]:
        moving = [
            one["_id"] for one in documents if one["status"] in _UNFINISHED or one["publishes"]
        ]
        progress = await self._progress(moving)
        return [
            to_batch_operation(
                one, progress.get(one["_id"], NO_PROGRESS) if one["_id"] in moving else None
            )
            for one in documents
        ]

    async def _progress(self, ids: Sequence[ObjectId]) -> dict[ObjectId, Mapping[str, int]]:
        if not ids:
            return {}
        reply = await self._database.command(
            {
                "aggregate": "batchChunks",
                "pipeline": [
                    {"$match": {"batchId": {"$in": list(ids)}}},
                    {
                        "$group": {
                            "_id": "$batchId",
                            "success": {"$sum": "$successCount"},
                            "failure": {"$sum": "$failureCount"},
                            "publishing": {"$sum": "$publishingCount"},
                            "published": {"$sum": "$publishedCount"},
                            "unpublished": {"$sum": "$unpublishedCount"},
                        }
                    },
                ],
                "hint": CHUNKS_BY_PROGRESS,
                "cursor": {"batchSize": len(ids) + 1},
                "readConcern": {"level": "majority"},
            }
        )
        return {one["_id"]: one for one in reply["cursor"]["firstBatch"]}


def _listing(where: BatchOperationFilter) -> Listing:
    statuses = [where.status.value] if where.status else _STATUSES
    conditions: list[Document] = [{"status": {"$in": statuses}}]
    index = BATCHES_BY_CREATION
    if where.operation_type is not None:
        conditions.append({"operationType": {"$eq": where.operation_type.value}})
        index = _BY_TYPE
    if where.status is not None:
        index = BATCHES_BY_STATUS
    return Listing(
        query={"$and": conditions},
        order="NEWEST_BATCH",
        key="createdAt",
        value_type=datetime,
        direction=-1,
        index=index,
    )
