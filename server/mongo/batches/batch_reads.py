"""Reading stored batches: what a caller sees of them, and what is needed to run them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bson import ObjectId

from server.domain.batch_progress import BatchProgress
from server.domain.batch_state import UNFINISHED, VISIBLE, BatchState
from server.domain.listing import BatchOperationFilter, Page, PageRequest
from server.domain.stored_batch import StoredBatch
from server.mongo.batches.documents import to_batch_progress, to_stored_batch
from server.mongo.collections import BATCHES_BY_CREATION, BATCHES_BY_STATUS, CHUNKS_BY_PROGRESS
from server.mongo.connection.document import Document
from server.mongo.connection.driver import SNAPSHOT, Database
from server.mongo.connection.errors import translated
from server.mongo.paging.listing import Listing, count, read_page

_BY_KIND = "operationType_1_createdAt_1__id_1"
_BY_CALLER = "createdBy_1_createdAt_1__id_1"
_VISIBLE = [state.value for state in VISIBLE]
_UNFINISHED = [state.value for state in UNFINISHED]
_NO_CHUNKS: Mapping[str, int] = {
    "success": 0, "failure": 0, "publishing": 0, "published": 0, "unpublished": 0,
}  # fmt: skip


class BatchReads:
    def __init__(self, database: Database, *, kinds: Sequence[str]) -> None:
        """`kinds` are those that this process can run: a newer server may have stored others."""
        self._database = database
        self._kinds = list(kinds)
        self._batches = database["batchOperations"]
        self._snapshot = self._batches.with_options(read_concern=SNAPSHOT)
        self._chunks = database["batchChunks"]

    async def by_id(self, batch_id: str, created_by: str | None = None) -> BatchProgress | None:
        """Return the batch as it is now; None if callers see no such batch.

        With `created_by`, only a batch of that caller is seen.
        """
        where: Document = {"_id": ObjectId(batch_id), "status": {"$in": _VISIBLE}}
        if created_by is not None:
            where["createdBy"] = {"$eq": created_by}
        with translated():
            document = await self._snapshot.find_one(where)
            if document is None:
                return None
            (batch,) = await self._with_progress([document])
            return batch

    async def page(self, where: BatchOperationFilter, request: PageRequest) -> Page[BatchProgress]:
        """Return a page of the batches, newest first.

        Raises:
            BadInput: the cursor is malformed or of another list.
        """
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
        """Return how many batches there are over all pages."""
        return await count(self._snapshot, _listing(where))

    async def stored(self, batch_id: str) -> StoredBatch | None:
        """Return what is needed to run the batch; None if it is gone."""
        with translated():
            document = await self._batches.find_one({"_id": ObjectId(batch_id)})
        return to_stored_batch(document) if document else None

    async def with_key(
        self, created_by: str, spellings: Sequence[str]
    ) -> tuple[StoredBatch, BatchState] | None:
        """Return the batch whose idempotency key has one of these spellings, and its state."""
        with translated():
            document = await self._batches.find_one(
                {"createdBy": {"$eq": created_by}, "idempotencyKey": {"$in": list(spellings)}}
            )
        return (to_stored_batch(document), BatchState(document["status"])) if document else None

    async def has_chunks_left(self, batch_id: str) -> bool:
        """Return whether a chunk of the batch is not done."""
        with translated():
            left = await self._chunks.find_one(
                {"batchId": ObjectId(batch_id), "status": "pending"},
                {"batchId": 1, "_id": 0},
                hint=CHUNKS_BY_PROGRESS,
            )
        return left is not None

    async def under_way(self, slow_since: datetime, slow_alert: str) -> list[str]:
        """Return the ids of the batches that housekeeping has to look at.

        They are PROCESSING; or PENDING and cancelled, without chunks, or created before
        `slow_since` and without the alert `slow_alert` so far.
        """
        pending = {"status": BatchState.PENDING.value}
        under_way: list[Document] = [
            {"status": BatchState.PROCESSING.value},
            pending | {"cancelRequested": True},
            {**pending, "createdAt": {"$lt": slow_since}, "alerts": {"$ne": slow_alert}},
            pending | {"chunks": 0},
        ]
        with translated():
            documents = await self._batches.find(
                {"$or": under_way, "operationType": {"$in": self._kinds}}, {"_id": 1}
            ).to_list(None)
        return [str(document["_id"]) for document in documents]

    async def _with_progress(self, documents: Sequence[Document]) -> list[BatchProgress]:
        """Read the sums over the chunks of those batches whose own counts are not final."""
        moving = [
            document["_id"]
            for document in documents
            if document["status"] in _UNFINISHED or document["publishes"]
        ]
        sums = await sums_of_chunks(self._database, moving)
        return [to_batch_progress(document, sums.get(document["_id"])) for document in documents]


async def sums_of_chunks(
    database: Database, batch_ids: Sequence[ObjectId]
) -> dict[ObjectId, Mapping[str, int]]:
    """Return the sums over the chunks of each batch, read from an index that holds all of them.

    A counter in the batch would be written by the transactions of all its chunks, and they would
    conflict with each other.
    """
    if not batch_ids:
        return {}
    reply = await database.command(
        {
            "aggregate": "batchChunks",
            "pipeline": [
                {"$match": {"batchId": {"$in": list(batch_ids)}}},
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
            "cursor": {"batchSize": len(batch_ids) + 1},
            "readConcern": {"level": "majority"},
        }
    )
    sums: dict[ObjectId, Mapping[str, int]] = dict.fromkeys(batch_ids, _NO_CHUNKS)
    return sums | {found["_id"]: found for found in reply["cursor"]["firstBatch"]}


def _listing(where: BatchOperationFilter) -> Listing:
    statuses = [where.state.value] if where.state else _VISIBLE
    conditions: list[Document] = [{"status": {"$in": statuses}}]
    index = BATCHES_BY_CREATION
    if where.kind is not None:
        conditions.append({"operationType": {"$eq": where.kind}})
        index = _BY_KIND
    if where.state is not None:
        index = BATCHES_BY_STATUS
    if where.created_by is not None:  # the batches of one caller are few
        conditions.append({"createdBy": {"$eq": where.created_by}})
        index = _BY_CALLER
    return Listing(
        query={"$and": conditions},
        order="NEWEST_BATCH",
        key="createdAt",
        value_type=datetime,
        direction=-1,
        index=index,
    )
