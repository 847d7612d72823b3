"""The chunks whose rows of the ledger wait, inside a transaction."""

from collections import Counter
from collections.abc import Collection as Ids

from bson import ObjectId

from server.domain.lanes import mark_of
from server.domain.stock_update import StockUpdateStatus
from server.mongo.batches.closing import Closure
from server.mongo.batches.queue import UNCLAIMED
from server.mongo.batches.waiting.rows import (
    WAITING,
    ToPendingRow,
    chunks_with,
    products_of,
    rows_of,
)
from server.mongo.collections import CHUNKS_BY_WAITING_ITEM
from server.mongo.connection.commands import Commands
from server.mongo.connection.driver import Database, Session
from server.mongo.connection.evidence import Evidence

_CHUNKS_AT_ONCE = 4  # whose rows are inserted in one transaction


class WaitingChunks:
    def __init__(self, database: Database, session: Session, evidence: Evidence) -> None:
        self._chunks = database["batchChunks"]
        self._commands = Commands(database, session)
        self._session = session
        self._evidence = evidence

    async def close_some(self, batch_id: str, closure: Closure, to_row: ToPendingRow) -> bool:
        """Close up to 4 chunks without a live lease, and return whether there may be more.

        Their waiting rows become failed ones, with the same ids and times.
        """
        own = {"batchId": ObjectId(batch_id), **WAITING, **UNCLAIMED}
        chunks = await self._chunks.find(
            own, limit=_CHUNKS_AT_ONCE, hint=CHUNKS_BY_WAITING_ITEM, session=self._session
        ).to_list(None)
        if not chunks:
            return False
        failed = {
            "status": StockUpdateStatus.FAILED.value,
            "code": closure.code.value,
            "error": closure.message,
        }
        rows = [row | failed for chunk in chunks for row in rows_of(chunk, to_row)]
        if rows:
            await self._commands.insert("stockUpdates", rows)
        self._evidence.updated()
        ids = [chunk["_id"] for chunk in chunks]
        await self._chunks.update_many(
            {"_id": {"$in": ids}}, closure.update(), session=self._session
        )
        return len(chunks) == _CHUNKS_AT_ONCE

    async def rows_of_products(self, product_ids: Ids[str]) -> dict[str, int]:
        """Return how many rows of each product wait, without the products that have none.

        The products' marks in each waiting chunk leave few chunks whose items must be looked at.
        """
        if not product_ids:
            return {}
        marks = {mark_of(product_id) for product_id in product_ids}
        ids = await chunks_with(self._chunks, marks, WAITING, self._session)
        counts: Counter[str] = Counter()
        if ids:
            async for chunk in self._chunks.find({"_id": {"$in": ids}}, session=self._session):
                counts.update(products_of(chunk, marks))
        return {one: counts[one] for one in product_ids if counts[one]}
