"""The results of a stored batch, read from its chunks, in input order.

The chunks of its lanes interleave, so they are merged: of all chunks only those that overlap are in
memory, which are as many as there are lanes.
"""

import heapq
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from bson import ObjectId

from server.domain.item_result import ItemResult, Publication
from server.domain.listing import Page, PageRequest
from server.mongo.batches.outcomes import ToOutcome
from server.mongo.batches.stored_values import from_stored_input
from server.mongo.collections import CHUNKS_BY_FIRST, CHUNKS_BY_PROGRESS
from server.mongo.connection.driver import Database, Document
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
        """The results of the items that have been processed.

        Raises:
            BadInput: the cursor is malformed or of another list.
        """
        after = -1
        if request.after is not None:
            order = _order(batch_id)
            after = int(decode_cursor(request.after, order=order, value_type=int).value)
        found: list[ItemResult] = []
        results = self.stream(batch_id, success=success, after=after)
        async for one in results:
            found.append(one)
            if len(found) > request.first:
                break
        await results.aclose()
        items = found[: request.first]
        return Page(
            items=items,
            cursors=[_cursor(batch_id, one.index) for one in items],
            has_next=len(found) > request.first,
            has_previous=request.after is not None,
        )

    async def count(self, batch_id: str, success: bool | None = None) -> int:
        """How many there are over all pages."""
        total = 0
        with translated():
            async for one in self._chunks.find(
                {"batchId": ObjectId(batch_id)},
                {"_id": 0, "successCount": 1, "failureCount": 1},
                hint=CHUNKS_BY_PROGRESS,
            ):
                total += one["successCount"] if success is not False else 0
                total += one["failureCount"] if success is not True else 0
        return total

    async def stream(
        self, batch_id: str, *, success: bool | None = None, after: int = -1
    ) -> AsyncGenerator[ItemResult, None]:
        """All results behind item `after`; in flat memory, however many there are.

        Not from one snapshot, which MongoDB gives up after 5 minutes: a file may take longer. What
        has an outcome keeps it.
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


def _results(chunk: Mapping[str, Any], to_outcome: ToOutcome) -> list[ItemResult]:
    inputs = {one["index"]: one["input"] for one in chunk["items"]}
    publications = {
        one["index"]: Publication(index=one["index"], tx_id=one.get("txId"), error=one.get("error"))
        for one in chunk.get("publications", [])
    }
    return [
        ItemResult(
            input=from_stored_input(inputs[one["index"]]),
            outcome=to_outcome(one),
            is_published="publications" in chunk,
            publication=publications.get(one["index"]),
        )
        for one in chunk["outcomes"]
    ]


def _cursor(batch_id: str, index: int) -> str:
    return Cursor(order=_order(batch_id), value=index, id=ObjectId(batch_id)).encode()


def _order(batch_id: str) -> str:
    return f"RESULTS {batch_id}"
