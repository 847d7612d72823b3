"""Reading the rows that wait in chunks, in a session that reads one snapshot."""

import heapq
from collections.abc import Iterator

from bson import ObjectId

from server.domain.lanes import mark_of
from server.domain.listing import StockUpdateFilter
from server.domain.stock_update import StockUpdateStatus
from server.mongo.batches.waiting.order import ByInput, Newest, Rank, WaitingOrder
from server.mongo.batches.waiting.rows import WAITING, ToPendingRow, chunks_with, rows_of
from server.mongo.connection.document import Document
from server.mongo.connection.driver import Database, Session
from server.mongo.paging.cursor import Cursor

_CHUNKS_AT_ONCE = 20  # a few more than the lanes of a batch, whose rows interleave
_ROW_FIELDS: Document = {
    "batchId": 1,
    "operationType": 1,
    "first": 1,
    "rows": 1,
    "outcomes.index": 1,
}


class WaitingReads:
    """Reads pending rows from their chunks, as if they were stored."""

    def __init__(self, database: Database, to_row: ToPendingRow) -> None:
        self._database = database
        self._chunks = database["batchChunks"]
        self._to_row = to_row

    async def first(
        self,
        where: StockUpdateFilter,
        limit: int,
        session: Session,
        *,
        after: Cursor | None,
        up_to: Document | None,
    ) -> list[Document]:
        """Return up to `limit` waiting rows as documents of the ledger, in the order of the list.

        Only rows after the cursor count, and of those only rows that may come before `up_to`.
        """
        order = waiting_order(where)
        conditions = [waiting_query(where)]
        if after is not None:
            conditions.append(order.after(after))
        if up_to is not None:
            conditions.append(order.up_to(up_to))
        items: Document | int = order.first_items(limit, after)
        if where.product_id is not None:
            conditions.append(await self._of_product(where, session))
            items = 1
        cursor = self._chunks.find(
            {"$and": conditions},
            _ROW_FIELDS | {"items": items},
            sort=order.sort,
            hint=order.hint,
            batch_size=_CHUNKS_AT_ONCE,
            session=session,
        )
        found = _Merge(order, limit, after)
        try:
            async for chunk in cursor:
                if found.takes_before(chunk):
                    break
                found.add(self._rows(chunk, where))
        finally:
            await cursor.close()
        return found.rest()

    async def count(self, where: StockUpdateFilter, session: Session) -> int:
        """Return how many rows wait over all pages; without a product, without reading items."""
        order, query = waiting_order(where), waiting_query(where)
        if where.product_id is not None:
            own = await self._of_product(where, session)
            return await self._count_each(where, {"$and": [query, own]}, order, session)
        untouched = {"successCount": 0, "failureCount": 0}
        reply = await self._database.command(
            {
                "aggregate": "batchChunks",
                "pipeline": [
                    {"$match": query | untouched},
                    {"$group": {"_id": None, "rows": {"$sum": "$rows.count"}}},
                ],
                "hint": order.hint,
                "cursor": {},
            },
            session=session,
        )
        begun = {"$or": [{name: {"$gt": 0}} for name in untouched]}
        total: int = sum(found["rows"] for found in reply["cursor"]["firstBatch"])
        return total + await self._count_each(where, {"$and": [query, begun]}, order, session)

    async def _count_each(
        self, where: StockUpdateFilter, query: Document, order: WaitingOrder, session: Session
    ) -> int:
        total = 0
        fields = _ROW_FIELDS | {"items": 1}
        async for chunk in self._chunks.find(query, fields, hint=order.hint, session=session):
            total += len(self._rows(chunk, where))
        return total

    async def _of_product(self, where: StockUpdateFilter, session: Session) -> Document:
        """Return the query for those chunks that may have the product."""
        marks = {mark_of(where.product_id or "")}
        ids = await chunks_with(self._chunks, marks, waiting_query(where), session)
        return {"_id": {"$in": ids}}

    def _rows(self, chunk: Document, where: StockUpdateFilter) -> list[Document]:
        if where.product_id is None:
            return rows_of(chunk, self._to_row)
        product_id = ObjectId(where.product_id)
        rows = rows_of(chunk, self._to_row, {mark_of(where.product_id)})
        return [row for row in rows if row["productId"] == product_id]


class _Merge:
    """Merges the rows of chunks that come in order, but overlap: lanes interleave."""

    def __init__(self, order: WaitingOrder, limit: int, after: Cursor | None) -> None:
        self._order = order
        self._limit = limit
        self._after = None if after is None else order.rank_of(after)
        self._waiting: list[tuple[Rank, Document]] = []
        self._found: list[Document] = []

    def takes_before(self, chunk: Document) -> bool:
        """Take the rows that come before those of the chunk, and return whether they suffice."""
        best = self._order.best(chunk)
        self._found += self._taken(best)
        return len(self._found) >= self._limit

    def add(self, rows: list[Document]) -> None:
        """Add the rows of a chunk. No two rows have the same rank, as no two have the same id."""
        for row in rows:
            rank = self._order.rank(row)
            if self._after is None or rank > self._after:
                heapq.heappush(self._waiting, (rank, row))

    def rest(self) -> list[Document]:
        """Return the rows, in order and no more than the limit."""
        return (self._found + list(self._taken(None)))[: self._limit]

    def _taken(self, before: Rank | None) -> Iterator[Document]:
        while self._waiting and (before is None or self._waiting[0][0] < before):
            yield heapq.heappop(self._waiting)[1]


def waiting_order(where: StockUpdateFilter) -> WaitingOrder:
    """Return the order of the list."""
    return Newest() if where.batch_id is None else ByInput()


def may_wait(where: StockUpdateFilter) -> bool:
    """Return whether rows that wait can meet the filter."""
    return where.status in (None, StockUpdateStatus.PENDING)


def waiting_query(where: StockUpdateFilter) -> Document:
    """Return the query for the chunks whose waiting rows meet the filter, but for its product."""
    query = dict(WAITING)
    timestamp: Document = dict(WAITING["rows.timestamp"])
    if where.since is not None:
        timestamp["$gte"] = max(where.since, timestamp["$gte"])
    if where.until is not None:
        timestamp["$lt"] = where.until
    query["rows.timestamp"] = timestamp
    if where.batch_id is not None:
        query["batchId"] = {"$eq": ObjectId(where.batch_id)}
    return query
