"""Reading a list page by page, along an index or over the whole collection."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from server.domain.listing import Page, PageRequest
from server.mongo.connection.document import Document
from server.mongo.connection.driver import Collection, Session
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


class StoredPage:
    """A page of a list while it is read; `after` is the cursor that it begins behind.

    Raises:
        BadInput: the cursor is malformed or of another list.
    """

    def __init__(
        self,
        collection: Collection,
        listing: Listing,
        request: PageRequest,
        session: Session | None = None,
    ) -> None:
        self._collection = collection
        self._listing = listing
        self._request = request
        self._session = session
        self.after: Cursor | None = None
        if request.after is not None:
            self.after = decode_cursor(
                request.after, order=listing.order, value_type=listing.value_type
            )

    async def documents(self) -> list[Document]:
        """Return the stored documents of the page, and one more if there is a next page."""
        listing, one_more = self._listing, self._request.first + 1
        return await self._collection.find(
            listing.query if self.after is None else listing.after(self.after),
            sort=listing.sort,
            hint=listing.hint,
            limit=one_more,
            batch_size=one_more,
            session=self._session,
        ).to_list(None)

    def of(self, found: Sequence[Document], to_value: Callable[[Document], T]) -> Page[T]:
        """Return the page of these documents, which have one more than it if others follow."""
        documents = found[: self._request.first]
        return Page(
            items=[to_value(document) for document in documents],
            cursors=[self._listing.cursor_of(document) for document in documents],
            has_next=len(found) > self._request.first,
            has_previous=self.after is not None,
        )


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
    page = StoredPage(collection, listing, request)
    with translated():
        return page.of(await page.documents(), to_value)


async def count(collection: Collection, listing: Listing, session: Session | None = None) -> int:
    """Return how many documents the list has over all pages, counted along its index."""
    with translated():
        return await collection.count_documents(listing.query, hint=listing.hint, session=session)
