"""The rows of the ledger that wait in chunks: made when they are read, never stored.

A chunk of submitted stock updates holds what its pending rows need: the id of the first, their time
and their number. Its transaction inserts the rows with the ids that they had while they waited.
"""

import os
from array import array
from collections.abc import Callable, Set
from datetime import datetime

from msgspec import structs

from server.domain.item_result import Input
from server.domain.stock_update import LedgerEntry
from server.domain.stored_batch import Chunk, StoredBatch
from server.mongo.batches.stored_values import from_stored_input
from server.mongo.collections import CHUNKS_BY_ROW, CHUNKS_BY_WAITING_ITEM
from server.mongo.connection.document import LONG_AGO, Document
from server.mongo.connection.driver import Collection, Session
from server.mongo.products.documents import from_ledger_entry, row_ids

# Returns the pending row of an item: of its kind, its index and what was sent. None if the item
# leaves no row. It is passed in: `server.mongo` imports no kind.
ToPendingRow = Callable[[str, int, Input], LedgerEntry | None]

# A range, since an index does not tell a field that is missing from one that is null.
WAITING: Document = {"status": "pending", "rows.timestamp": {"$gte": LONG_AGO}}

PRODUCT_FIELD = "productId"  # of an item, in every kind whose items leave pending rows

_RANDOM = 8  # bytes of an id, from which the ids of a batch count up


def new_first_row(moment: datetime) -> str:
    """Return an id for the first row of a batch, such that the ids after it are free as well.

    Ids of one batch count up from it. Two batches of one second meet only if their random numbers
    of 63 bits are that close.
    """
    seconds = int(moment.timestamp()).to_bytes(4, "big")
    low = int.from_bytes(os.urandom(_RANDOM), "big") >> 1  # leaves room to count up
    return (seconds + low.to_bytes(_RANDOM, "big")).hex()


def from_rows(batch: StoredBatch, chunk: Chunk, *, shown: bool) -> Document | None:
    """Return what a new chunk holds of its rows; None if it has none.

    They are shown once they have a time.
    """
    if batch.first_row is None or not chunk.products:
        return None
    first, last = row_ids(batch.first_row, [chunk.items[0].index, chunk.items[-1].index])
    rows: Document = {
        "first": first,
        "last": last,
        "count": sum(map(bool, chunk.products)),
        "createdBy": batch.created_by,
        "products": array("I", chunk.products).tobytes(),
    }
    return rows | ({"timestamp": batch.created_at} if shown else {})


def rows_of(chunk: Document, to_row: ToPendingRow, marks: Set[int] | None = None) -> list[Document]:
    """Return the rows that wait in the chunk, in the order of its items.

    With `marks`, only of items whose products have one of them: see `mark_of`.
    """
    waiting = _waiting_items(chunk, marks)
    ids = row_ids(chunk["rows"]["first"], [item["index"] - chunk["first"] for item in waiting])
    timestamp, batch_id = chunk["rows"]["timestamp"], chunk["batchId"]
    created_by = chunk["rows"].get("createdBy")  # 0.1.0 stored none
    rows = []
    for row_id, item in zip(ids, waiting, strict=True):
        row = to_row(chunk["operationType"], item["index"], from_stored_input(item["input"]))
        if row is not None:
            row = structs.replace(row, created_by=created_by)
            rows.append(from_ledger_entry(row_id, row, timestamp, batch_id))
    return rows


def products_of(chunk: Document, marks: Set[int]) -> list[str]:
    """Return the product of each row that waits in the chunk, if it has one of the marks."""
    sent = [item["input"].get(PRODUCT_FIELD) for item in _waiting_items(chunk, marks)]
    return [text.lower() for text in sent if isinstance(text, str)]


def _waiting_items(chunk: Document, marks: Set[int] | None) -> list[Document]:
    items: list[Document] = chunk["items"]
    if marks is not None:
        pairs = zip(items, _marks(chunk), strict=True)
        items = [item for item, mark in pairs if mark in marks]
    answered = {outcome["index"] for outcome in chunk["outcomes"]}
    return [item for item in items if item["index"] not in answered] if answered else items


async def chunks_with(
    chunks: Collection, marks: Set[int], query: Document, session: Session
) -> list[Document]:
    """Return the ids of those chunks of `query` whose waiting rows may be of these products.

    Two products can have the same mark (`mark_of`), so a chunk may have another one.

    It reads the marks of all chunks of the query, 4 bytes for each row: 40 ms of CPU for a million.
    """
    hint = CHUNKS_BY_WAITING_ITEM if "batchId" in query else CHUNKS_BY_ROW
    found = chunks.find(query, {"rows.products": 1}, hint=hint, session=session)
    return [chunk["_id"] async for chunk in found if not marks.isdisjoint(_marks(chunk))]


def _marks(chunk: Document) -> "array[int]":
    products = array("I")
    products.frombytes(chunk["rows"]["products"])
    return products
