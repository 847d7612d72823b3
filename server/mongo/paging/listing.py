"""Reading a list page by page, along an index or over the whole collection."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from server.domain.listing import Page, PageRequest
from server.mongo.connection.document import Document
from server.mongo.connection.driver import Collection
from server.mongo.connection.errors import translated
from server.mongo.paging.cursor import Cursor, decode_cursor

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A query, the order of its result, and the index to read it along; None for the collection.

    The order is by `key` and then by `_id`, which makes it total. The index is given as a hint,
    since the planner sometimes chooses to sort in memory instead.
    """

    query: Document
    order: str
    key: str
    value_type: type
    direction: int
    index: str | None

    @property
    def hint(self) -> str | Document:
        """Return the hint for MongoDB's planner."""
        return self.index or {"$natural": 1}

    @property
    def sort(self) -> list[tuple[str, int]]:
        """Return the order, as MongoDB takes it."""
        return [(self.key, self.direction), ("_id", self.direction)]

    def after(self, cursor: Cursor) -> Document:
        """Return the query for the documents after `cursor`."""
        beyond, not_before = ("$gt", "$gte") if self.direction > 0 else ("$lt", "$lte")
        return {
            "$and": [
                self.query,
                {self.key: {not_before: cursor.value}},
                {"$or": [{self.key: {beyond: cursor.value}}, {"_id": {beyond: cursor.id}}]},
            ]
        }

    def cursor_of(self, document: Document) -> str:
        """Return the cursor of a document of this list."""
        return Cursor(order=self.order, value=document[self.key], id=document["_id"]).encode()


async def read_page(
    collection: Collection,
    listing: Listing,
    request: PageRequest,
    to_value: Callable[[Document], T],
) -> Page[T]:
    """Return a page, read with one command.

    Raises:
        BadInput: the cursor is malformed or of another list.
        StoreError: the database did not answer.
    """
    query = listing.query
    if request.after is not None:
        query = listing.after(
            decode_cursor(request.after, order=listing.order, value_type=listing.value_type)
        )
    one_more = request.first + 1  # to know whether there is a next page
    with translated():
        found = await collection.find(
            query, sort=listing.sort, hint=listing.hint, limit=one_more, batch_size=one_more
        ).to_list(None)
    documents = found[: request.first]
    return Page(
        items=[to_value(document) for document in documents],
        cursors=[listing.cursor_of(document) for document in documents],
        has_next=len(found) > request.first,
        has_previous=request.after is not None,
    )


async def count(collection: Collection, listing: Listing) -> int:
    """Return how many documents the list has over all pages, counted along its index."""
    with translated():
        return await collection.count_documents(listing.query, hint=listing.hint)
