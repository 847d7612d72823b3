"""Closing the chunks of a batch that was cancelled or failed: their items fail unapplied."""

from typing import NamedTuple

from bson import ObjectId

from server.domain.item_error import ItemErrorCode
from server.mongo.batches.documents import FAILED
from server.mongo.batches.queue import UNCLAIMED, ChunkQueue
from server.mongo.collections import UPDATES_BY_BATCH
from server.mongo.connection.document import Document
from server.mongo.connection.driver import Database
from server.mongo.connection.errors import translated

_ROWS_AT_ONCE = 50_000  # about 1.2 s, of the 15 s that a command may take


class Closure(NamedTuple):
    """What closing a chunk needs to know of a batch, to fail the items that were not begun.

    `argument` is the list of items in the request, and `id_field` the field of an item with the id
    of its product.
    """

    argument: str
    id_field: str
    code: ItemErrorCode
    message: str

    def update(self) -> list[Document]:
        """Return the update of a chunk that fails its items without an outcome."""
        answered = {"$map": {"input": "$outcomes", "as": "outcome", "in": "$$outcome.index"}}
        unanswered = {
            "$filter": {
                "input": "$items",
                "as": "item",
                "cond": {"$not": [{"$in": ["$$item.index", answered]}]},
            }
        }
        closed = {"$map": {"input": "$unanswered", "as": "item", "in": self._failure()}}
        return [
            {"$set": {"unanswered": unanswered}},
            {
                "$set": {
                    "outcomes": {"$concatArrays": ["$outcomes", closed]},
                    "failureCount": {"$add": ["$failureCount", {"$size": "$unanswered"}]},
                    "status": "done",
                    "doneAt": "$$NOW",
                }
            },
            {"$unset": ["unanswered", "lease", "rows"]},
        ]

    def _failure(self) -> Document:
        return {
            "index": "$$item.index",
            "productId": {"$ifNull": [f"$$item.input.{self.id_field}", "$$REMOVE"]},
            "kind": FAILED,
            "errors": [
                {
                    "code": self.code.value,
                    "message": self.message,
                    "path": [self.argument, {"$toString": "$$item.index"}],
                    "retryable": True,
                }
            ],
        }


class ChunkClosing:
    def __init__(self, database: Database, queue: ChunkQueue) -> None:
        self._queue = queue
        self._chunks = database["batchChunks"]
        self._rows = database["stockUpdates"]

    async def close(self, batch_id: str, closure: Closure) -> None:
        """Close all chunks that have no live lease and no waiting rows, by one command.

        A chunk with a live lease is left alone: its worker will finish it.
        """
        own = {"batchId": ObjectId(batch_id), "rows": {"$exists": False}}
        with translated():
            await self._queue.end_lapsed_transactions()  # the update would wait for them
            await self._chunks.update_many(own | UNCLAIMED, closure.update())

    async def fail_rows(self, batch_id: str, total_items: int, closure: Closure) -> None:
        """Fail the stored rows that are still pending, once all chunks of the batch are done.

        Only 0.1.0 stored such rows.
        """
        code, message = closure.code.value, closure.message
        failed = {"$set": {"status": "failed", "code": code, "error": message}}
        pending = {"batchId": ObjectId(batch_id), "status": "pending"}
        with translated():
            for start in range(0, total_items, _ROWS_AT_ONCE):
                part = {"index": {"$gte": start, "$lt": start + _ROWS_AT_ONCE}}
                await self._rows.update_many(pending | part, failed, hint=UPDATES_BY_BATCH)
