"""Reading stock updates outside a transaction, from a snapshot that a majority acknowledged."""

from datetime import datetime

from bson import ObjectId

from server.domain.listing import Page, PageRequest, StockUpdateFilter
from server.domain.stock_update import StockUpdate, StockUpdateStatus
from server.mongo.collections import UPDATES_BY_BATCH, UPDATES_BY_PRODUCT, UPDATES_BY_STATUS
from server.mongo.connection.document import Document
from server.mongo.connection.driver import SNAPSHOT, Database
from server.mongo.paging.listing import Listing, count, read_page
from server.mongo.products.documents import to_stock_update


class LedgerReads:
    def __init__(self, database: Database) -> None:
        self._collection = database["stockUpdates"].with_options(read_concern=SNAPSHOT)

    async def page(self, where: StockUpdateFilter, request: PageRequest) -> Page[StockUpdate]:
        """Return a page of the rows, newest first; those of one batch in input order.

        Raises:
            BadInput: the cursor is malformed or of another list.
            StoreError: the database did not answer.
        """
        return await read_page(
            self._collection, stock_update_listing(where), request, to_stock_update
        )

    async def count(self, where: StockUpdateFilter) -> int:
        """Return how many rows there are over all pages."""
        return await count(self._collection, stock_update_listing(where))


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
