"""Closing the chunks of a batch that was cancelled or failed: their items fail unapplied."""

from bson import ObjectId

from server.domain.item_error import ItemErrorCode
from server.mongo.batches.documents import FAILED
from server.mongo.batches.queue import UNCLAIMED, ChunkQueue
from server.mongo.collections import UPDATES_BY_BATCH
from server.mongo.connection.document import Document
from server.mongo.connection.driver import Database
from server.mongo.connection.errors import translated

_ROWS_AT_ONCE = 50_000  # about 1.2 s, of the 15 s that a command may take


class ChunkClosing:
    def __init__(self, database: Database, queue: ChunkQueue) -> None:
        self._queue = queue
        self._chunks = database["batchChunks"]
        self._rows = database["stockUpdates"]

    async def close(
        self, batch_id: str, argument: str, id_field: str, code: ItemErrorCode, message: str
    ) -> None:
        """Fail the items without an outcome, in all chunks without a live lease, by one command.

        A chunk with a live lease is left alone: its worker will finish it.
        """
        answered = {"$map": {"input": "$outcomes", "as": "outcome", "in": "$$outcome.index"}}
        unanswered = {
            "$filter": {
                "input": "$items",
                "as": "item",
                "cond": {"$not": [{"$in": ["$$item.index", answered]}]},
            }
        }
        failure: Document = {
            "index": "$$item.index",
            "productId": {"$ifNull": [f"$$item.input.{id_field}", "$$REMOVE"]},
            "kind": FAILED,
            "errors": [
                {
                    "code": code.value,
                    "message": message,
                    "path": [argument, {"$toString": "$$item.index"}],
                    "retryable": True,
                }
            ],
        }
        closed = {"$map": {"input": "$unanswered", "as": "item", "in": failure}}
        update: list[Document] = [
            {"$set": {"unanswered": unanswered}},
            {
                "$set": {
                    "outcomes": {"$concatArrays": ["$outcomes", closed]},
                    "failureCount": {"$add": ["$failureCount", {"$size": "$unanswered"}]},
                    "status": "done",
                }
            },
            {"$unset": ["unanswered", "lease"]},
        ]
        with translated():
            await self._queue.end_lapsed_transactions()  # the update would wait for them
            await self._chunks.update_many({"batchId": ObjectId(batch_id), **UNCLAIMED}, update)

    async def fail_rows(
        self, batch_id: str, total_items: int, code: ItemErrorCode, message: str
    ) -> None:
        """Fail the ledger's rows that are still pending, once all chunks of the batch are done."""
        failed = {"$set": {"status": "failed", "code": code.value, "error": message}}
        pending = {"batchId": ObjectId(batch_id), "status": "pending"}
        with translated():
            for start in range(0, total_items, _ROWS_AT_ONCE):
                part = {"index": {"$gte": start, "$lt": start + _ROWS_AT_ONCE}}
                await self._rows.update_many(pending | part, failed, hint=UPDATES_BY_BATCH)
