"""Closing the chunks of a batch that goes no further: their items fail, and nothing is applied."""

from bson import ObjectId

from server.domain.item_error import ItemErrorCode
from server.mongo.batches.outcomes import FAILED
from server.mongo.batches.queue import UNCLAIMED, ChunkQueue
from server.mongo.collections import UPDATES_BY_BATCH
from server.mongo.connection.driver import Database, Document
from server.mongo.connection.errors import translated

_ROWS_AT_ONCE = 50_000  # about 1.2 s; a command may take 15


class ChunkClosing:
    def __init__(self, database: Database, queue: ChunkQueue) -> None:
        self._queue = queue
        self._chunks = database["batchChunks"]
        self._rows = database["stockUpdates"]

    async def close(
        self, batch_id: str, argument: str, id_field: str, code: ItemErrorCode, message: str
    ) -> None:
        """Fail what has no outcome yet, in every chunk that nobody holds. One command for all.

        A chunk whose transaction is under way ends by itself: it is held.
        """
        answered = {"$map": {"input": "$outcomes", "as": "outcome", "in": "$$outcome.index"}}
        left = {
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
        closed = {"$map": {"input": "$left", "as": "item", "in": failure}}
        update = [
            {"$set": {"left": left}},
            {
                "$set": {
                    "outcomes": {"$concatArrays": ["$outcomes", closed]},
                    "failureCount": {"$add": ["$failureCount", {"$size": "$left"}]},
                    "status": "done",
                }
            },
            {"$unset": ["left", "lease"]},
        ]

        with translated():
            await self._queue.end_transactions_of_the_lost()  # which it would wait for
            await self._chunks.update_many({"batchId": ObjectId(batch_id), **UNCLAIMED}, update)

    async def fail_rows(
        self, batch_id: str, total_items: int, code: ItemErrorCode, message: str
    ) -> None:
        """Fail the rows that are pending still, once all chunks of the batch are done."""
        failed = {"$set": {"status": "failed", "code": code.value, "error": message}}
        pending = {"batchId": ObjectId(batch_id), "status": "pending"}
        with translated():
            for start in range(0, total_items, _ROWS_AT_ONCE):
                part = {"index": {"$gte": start, "$lt": start + _ROWS_AT_ONCE}}
                await self._rows.update_many(pending | part, failed, hint=UPDATES_BY_BATCH)
