"""The two orders in which rows that wait in chunks are read, along an index of the chunks."""

from datetime import UTC, datetime
from typing import Any, Protocol

from bson import ObjectId

from server.mongo.collections import CHUNKS_BY_ROW, CHUNKS_BY_WAITING_ITEM
from server.mongo.connection.document import Document
from server.mongo.paging.cursor import Cursor

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Rank = tuple[Any, int]  # ascending in the order of the list


class WaitingOrder(Protocol):
    """An order of rows. `hint` and `sort` read the chunks by their first row in this order."""

    hint: str
    sort: list[tuple[str, int]]

    def rank(self, row: Document) -> Rank:
        """Return the place of a row in the order."""
        ...

    def best(self, chunk: Document) -> Rank:
        """Return a place that no row of the chunk comes before."""
        ...

    def rank_of(self, cursor: Cursor) -> Rank:
        """Return the place of a cursor."""
        ...

    def after(self, cursor: Cursor) -> Document:
        """Return the query for the chunks that may have a row after the cursor."""
        ...

    def up_to(self, row: Document) -> Document:
        """Return the query for chunks that may have rows before this row."""
        ...

    def first_items(self, limit: int, cursor: Cursor | None) -> Document:
        """Return an expression for the items of the first `limit` rows of a chunk.

        They are all of its items, if the cursor or an item without a row may be among the first.
        """
        ...


class Newest:
    """By time and id, the latest first."""

    hint = CHUNKS_BY_ROW
    sort = [("rows.timestamp", -1), ("rows.last", -1)]  # noqa: RUF012 - the driver wants a list

    def rank(self, row: Document) -> Rank:
        return _newest(row["timestamp"], row["_id"])

    def best(self, chunk: Document) -> Rank:
        return _newest(chunk["rows"]["timestamp"], chunk["rows"]["last"])

    def rank_of(self, cursor: Cursor) -> Rank:
        return _newest(cursor.value, cursor.id)

    def after(self, cursor: Cursor) -> Document:
        earlier = {"rows.timestamp": {"$lt": cursor.value}}
        return {
            "$and": [
                {"rows.timestamp": {"$lte": cursor.value}},
                {"$or": [earlier, {"rows.first": {"$lt": cursor.id}}]},
            ]
        }

    def up_to(self, row: Document) -> Document:
        return {"rows.timestamp": {"$gte": row["timestamp"]}}

    def first_items(self, limit: int, cursor: Cursor | None) -> Document:
        is_after: Document = {"$literal": True}
        if cursor is not None:
            earlier = {"$lt": ["$rows.timestamp", cursor.value]}
            is_after = {"$or": [earlier, {"$lt": ["$rows.last", cursor.id]}]}
        return _first_items({"$slice": ["$items", -limit]}, is_after)


class ByInput:
    """By the index of the items, of one batch."""

    hint = CHUNKS_BY_WAITING_ITEM
    sort = [("first", 1)]  # noqa: RUF012 - the driver wants a list

    def rank(self, row: Document) -> Rank:
        return row["index"], _number(row["_id"])

    def best(self, chunk: Document) -> Rank:
        return chunk["first"], 0

    def rank_of(self, cursor: Cursor) -> Rank:
        return cursor.value, _number(cursor.id)

    def after(self, cursor: Cursor) -> Document:
        return {"last": {"$gte": cursor.value}}

    def up_to(self, row: Document) -> Document:
        return {"first": {"$lte": row["index"]}}

    def first_items(self, limit: int, cursor: Cursor | None) -> Document:
        is_after: Document = {"$literal": True}
        if cursor is not None:
            is_after = {"$gt": ["$first", cursor.value]}
        return _first_items({"$slice": ["$items", limit]}, is_after)


def _newest(timestamp: datetime, row_id: ObjectId) -> Rank:
    return _EPOCH - timestamp, -_number(row_id)


def _number(row_id: ObjectId) -> int:
    return int.from_bytes(row_id.binary, "big")


def _first_items(few: Document, is_after: Document) -> Document:
    each_has_a_row = {"$eq": ["$rows.count", {"$size": "$items"}]}
    none_is_done = {"$eq": ["$outcomes", []]}
    condition = {"$and": [is_after, each_has_a_row, none_is_done]}
    return {"$cond": [condition, few, "$items"]}
