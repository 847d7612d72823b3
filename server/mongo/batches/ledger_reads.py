"""Reading stock updates outside a transaction, from a snapshot that a majority acknowledged.

Rows that wait are not stored: they are read from their chunks, in the same snapshot.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from bson import MaxKey, MinKey, ObjectId

from server.domain.listing import Page, PageRequest, StockUpdateFilter
from server.domain.stock_update import StockUpdate, StockUpdateStatus
from server.mongo.batches.waiting.reads import WaitingReads, may_wait, waiting_order
from server.mongo.batches.waiting.rows import ToPendingRow
from server.mongo.collections import (
    CHUNKS_TO_CLAIM,
    UPDATES_BY_BATCH,
    UPDATES_BY_PRODUCT,
    UPDATES_BY_STATUS,
)
from server.mongo.connection.document import Document
from server.mongo.connection.driver import Driver, Session
from server.mongo.connection.errors import translated
from server.mongo.paging.listing import Listing, StoredPage, count
from server.mongo.products.documents import to_stock_update


class LedgerReads:
    def __init__(
        self,
        driver: Driver,
        database: str,
        to_row: ToPendingRow,
        *,
        kinds_that_wait: Sequence[str] = (),
    ) -> None:
        """`kinds_that_wait` are those whose rows are there as soon as a batch is submitted."""
        self._kinds_that_wait = list(kinds_that_wait)
        self._driver = driver
        self._collection = driver.client[database]["stockUpdates"]
        self._chunks = driver.client[database]["batchChunks"]
        self._waiting = WaitingReads(driver.client[database], to_row)

    async def page(self, where: StockUpdateFilter, request: PageRequest) -> Page[StockUpdate]:
        """Return a page of the rows, newest first; those of one batch in input order.

        Rows of a batch that runs end where a chunk is not done that may add others.

        Raises:
            BadInput: the cursor is malformed or of another list.
            StoreError: the database did not answer.
        """
        listing = stock_update_listing(where)
        async with self._snapshot() as session:
            if where.batch_id is not None:
                listing = await self._grown(listing, ObjectId(where.batch_id), session)
            page = StoredPage(self._collection, listing, request, session)
            documents = await page.documents()
            if may_wait(where):
                full = documents[-1] if len(documents) > request.first else None
                documents += await self._waiting.first(
                    where, request.first + 1, session, after=page.after, up_to=full
                )
                documents.sort(key=waiting_order(where).rank)
        return page.of(documents, to_stock_update)

    async def count(self, where: StockUpdateFilter) -> int:
        """Return how many rows there are over all pages."""
        async with self._snapshot() as session:
            stored = await count(self._collection, stock_update_listing(where), session)
            waiting = await self._waiting.count(where, session) if may_wait(where) else 0
        return stored + waiting

    async def _grown(self, listing: Listing, batch: ObjectId, session: Session) -> Listing:
        """Return the list up to the first chunk that may add rows when it is done.

        Its lanes are not equally far. So no row appears later before one that a reader has seen.
        """
        at_work: Document = {
            "status": "pending",
            "blocked": False,  # the first of each lane
            "operationType": {"$nin": self._kinds_that_wait},
            "_id": {
                "$gte": {"batch": batch, "index": MinKey()},
                "$lte": {"batch": batch, "index": MaxKey()},
            },
        }
        chunks = self._chunks.find(at_work, {"first": 1}, hint=CHUNKS_TO_CLAIM, session=session)
        ends = [chunk["first"] for chunk in await chunks.to_list(None)]
        if not ends:
            return listing
        return replace(listing, query={"$and": [listing.query, {"index": {"$lt": min(ends)}}]})

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[Session]:
        """Open a session whose reads all see the database as it is at the first of them."""
        with translated():
            session = self._driver.start_snapshot()
            try:
                yield session
            finally:
                await self._driver.end_session(session)


def stock_update_listing(where: StockUpdateFilter) -> Listing:
    """Return the list of the rows, newest first; those of one batch in input order."""
    if where.batch_id is not None:
        return Listing(
            query=_query(where),
            order="INPUT",
            key="index",
            value_type=int,
            direction=1,
            index=UPDATES_BY_BATCH,
        )
    return Listing(
        query=_query(where),
        order="NEWEST",
        key="timestamp",
        value_type=datetime,
        direction=-1,
        index=UPDATES_BY_PRODUCT if where.product_id is not None else UPDATES_BY_STATUS,
    )


def _query(where: StockUpdateFilter) -> Document:
    """Return the query. It names every status, so that the index on `status` gives time order."""
    statuses = [where.status] if where.status else list(StockUpdateStatus)
    conditions: list[Document] = [{"status": {"$in": [status.value for status in statuses]}}]
    if where.product_id is not None:
        conditions.append({"productId": {"$eq": ObjectId(where.product_id)}})
    if where.batch_id is not None:
        conditions.append({"batchId": {"$eq": ObjectId(where.batch_id)}})
    if where.since is not None:
        conditions.append({"timestamp": {"$gte": where.since}})
    if where.until is not None:
        conditions.append({"timestamp": {"$lt": where.until}})
    return {"$and": conditions}
