"""The results of a stored batch, read from its chunks, in input order.

The items of different lanes interleave, so the chunks are merged. Only chunks that overlap are in
memory at the same time: one for each lane.
"""

import heapq
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from bson import ObjectId

from server.domain.item_result import ItemResult
from server.domain.listing import Page, PageRequest
from server.domain.result_filter import ALL_RESULTS, ResultFilter
from server.mongo.batches.batch_reads import sums_of_chunks
from server.mongo.batches.documents import ToOutcome
from server.mongo.batches.pause import Pause
from server.mongo.batches.result_pages import ResultPages, counts_of_search
from server.mongo.batches.stored_results import results_of
from server.mongo.collections import CHUNKS_BY_FIRST
from server.mongo.connection.document import Document
from server.mongo.connection.driver import Database
from server.mongo.connection.errors import translated
from server.mongo.paging.cursor import Cursor, decode_cursor

_CHUNKS_AT_ONCE = 16
_COUNTED = {True: "success", False: "failure"}


class BatchResults:
    def __init__(self, database: Database, to_outcome: ToOutcome) -> None:
        self._to_outcome = to_outcome
        self._database = database
        self._chunks = database["batchChunks"]

    async def page(
        self, batch_id: str, request: PageRequest, where: ResultFilter = ALL_RESULTS
    ) -> Page[ItemResult]:
        """Return a page of the results of those items that have an outcome.

        With `where` only those that meet it.

        Raises:
            BadInput: the cursor is malformed or of another list.
        """
        (page,) = await self.pages([batch_id], request, where)
        return page

    async def pages(
        self, batch_ids: Sequence[str], request: PageRequest, where: ResultFilter = ALL_RESULTS
    ) -> Sequence[Page[ItemResult]]:
        """Return the same page of each of the batches.

        Raises:
            BadInput: the cursor is malformed, or not of the batch.
        """
        after = -1
        if request.after is not None:
            order = _order(batch_ids[0])
            after = int(decode_cursor(request.after, order=order, value_type=int).value)
        wanted = ResultPages(count=request.first + 1, after=after, where=where)
        found = await wanted.read(self._database, batch_ids, self._to_outcome)
        pages, pause = [], Pause()
        for batch_id in batch_ids:
            pages.append(_page(batch_id, found.get(batch_id, ()), request))
            await pause.after(len(pages[-1].items))
        return pages

    async def count(self, batch_id: str, where: ResultFilter = ALL_RESULTS) -> int:
        """Return how many results there are over all pages."""
        (total,) = await self.counts([batch_id], where)
        return total

    async def counts(
        self, batch_ids: Sequence[str], where: ResultFilter = ALL_RESULTS
    ) -> Sequence[int]:
        """Return how many results each of the batches has.

        They are counted along an index, unless the filter searches.
        """
        if where.searches:
            with translated():
                found = await counts_of_search(self._database, batch_ids, where)
            return [found.get(one, 0) for one in batch_ids]
        ids = [ObjectId(batch_id) for batch_id in batch_ids]
        with translated():
            sums = await sums_of_chunks(self._database, ids)
        counted = ["success", "failure"] if where.success is None else [_COUNTED[where.success]]
        return [sum(sums[one][name] for name in counted) for one in ids]

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
            while (chunk := await _next(cursor)) is not None:
                while waiting and waiting[0][0] < chunk["first"]:
                    yield heapq.heappop(waiting)[1]
                for result in results_of(chunk, self._to_outcome):
                    if result.index > after and success in (None, result.success):
                        heapq.heappush(waiting, (result.index, result))
        finally:
            await cursor.close()
        while waiting:
            yield heapq.heappop(waiting)[1]


async def _next(cursor: AsyncIterator[Document]) -> Document | None:
    """Return the next document; None at the end. Whoever reads them may be slow in between."""
    with translated():
        return await anext(cursor, None)


def _page(batch_id: str, found: Sequence[ItemResult], request: PageRequest) -> Page[ItemResult]:
    """Return a page of these results, which have one more than it if others follow."""
    items = found[: request.first]
    return Page(
        items=list(items),
        cursors=[_cursor(batch_id, result.index) for result in items],
        has_next=len(found) > request.first,
        has_previous=request.after is not None,
    )


def _cursor(batch_id: str, index: int) -> str:
    return Cursor(order=_order(batch_id), value=index, id=ObjectId(batch_id)).encode()


def _order(batch_id: str) -> str:
    return f"RESULTS {batch_id}"
