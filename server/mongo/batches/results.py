"""The results of a stored batch, read from its chunks, in input order.

The items of different lanes interleave, so the chunks are merged. Only chunks that overlap are in
memory at the same time: one for each lane.
"""

import heapq
from collections.abc import AsyncGenerator

from bson import ObjectId

from server.domain.item_result import ItemResult, Publication
from server.domain.listing import Page, PageRequest
from server.mongo.batches.documents import ToOutcome
from server.mongo.batches.stored_values import from_stored_input
from server.mongo.collections import CHUNKS_BY_FIRST, CHUNKS_BY_PROGRESS
from server.mongo.connection.document import Document
from server.mongo.connection.driver import Database
from server.mongo.connection.errors import translated
from server.mongo.paging.cursor import Cursor, decode_cursor

_CHUNKS_AT_ONCE = 16


class BatchResults:
    def __init__(self, database: Database, to_outcome: ToOutcome) -> None:
        self._to_outcome = to_outcome
        self._chunks = database["batchChunks"]

    async def page(
        self, batch_id: str, request: PageRequest, *, success: bool | None = None
    ) -> Page[ItemResult]:
        """Return a page of the results of those items that have an outcome.

        With `success` only the successes, or only the failures.

        Raises:
            BadInput: the cursor is malformed or of another list.
        """
        after = -1
        if request.after is not None:
            order = _order(batch_id)
            after = int(decode_cursor(request.after, order=order, value_type=int).value)
        found: list[ItemResult] = []
        results = self.stream(batch_id, success=success, after=after)
        async for result in results:
            found.append(result)
            if len(found) > request.first:
                break
        await results.aclose()
        items = found[: request.first]
        return Page(
            items=items,
            cursors=[_cursor(batch_id, result.index) for result in items],
            has_next=len(found) > request.first,
            has_previous=request.after is not None,
        )

    async def count(self, batch_id: str, success: bool | None = None) -> int:
        """Return how many results there are over all pages."""
        total = 0
        with translated():
            async for chunk in self._chunks.find(
                {"batchId": ObjectId(batch_id)},
                {"_id": 0, "successCount": 1, "failureCount": 1},
                hint=CHUNKS_BY_PROGRESS,
            ):
                total += chunk["successCount"] if success is not False else 0
                total += chunk["failureCount"] if success is not True else 0
        return total

    async def stream(
        self, batch_id: str, *, success: bool | None = None, after: int = -1
    ) -> AsyncGenerator[ItemResult, None]:
        """Yield the results of the items after index `after`, in flat memory.

        They are not read from one snapshot, which MongoDB drops after 5 minutes: a download may
        take longer. An outcome never changes once it is stored.
        """
        waiting: list[tuple[int, ItemResult]] = []
        query: Document = {"batchId": ObjectId(batch_id), "last": {"$gt": after}}
        if success is not None:
            query["successCount" if success else "failureCount"] = {"$gt": 0}
        cursor = self._chunks.find(
            query,
            sort=[("first", 1)],
            hint=CHUNKS_BY_FIRST,
            batch_size=_CHUNKS_AT_ONCE,
        )
        try:
            with translated():
                async for chunk in cursor:
                    while waiting and waiting[0][0] < chunk["first"]:
                        yield heapq.heappop(waiting)[1]
                    for result in _results(chunk, self._to_outcome):
                        if result.index > after and success in (None, result.success):
                            heapq.heappush(waiting, (result.index, result))
        finally:
            await cursor.close()
        while waiting:
            yield heapq.heappop(waiting)[1]


def _results(chunk: Document, to_outcome: ToOutcome) -> list[ItemResult]:
    inputs = {item["index"]: item["input"] for item in chunk["items"]}
    publications = {
        ended["index"]: Publication(
            index=ended["index"], tx_id=ended.get("txId"), error=ended.get("error")
        )
        for ended in chunk.get("publications", [])
    }
    return [
        ItemResult(
            input=from_stored_input(inputs[outcome["index"]]),
            outcome=to_outcome(outcome),
            is_published="publications" in chunk,
            publication=publications.get(outcome["index"]),
        )
        for outcome in chunk["outcomes"]
    ]


def _cursor(batch_id: str, index: int) -> str:
    return Cursor(order=_order(batch_id), value=index, id=ObjectId(batch_id)).encode()


def _order(batch_id: str) -> str:
    return f"RESULTS {batch_id}"
