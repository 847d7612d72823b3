"""What a transaction leaves behind by which its commit can be recognised."""

from collections.abc import Collection as Ids
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo.read_concern import ReadConcern

from server.domain.errors import CommitUnknown
from server.mongo.connection.document import Document
from server.mongo.connection.driver import Collection, Database, Session

_CLOCKS_APART = timedelta(minutes=5)  # at most, those of two servers
_READ_LIMIT_MS = 5_000  # a linearizable read waits for the majority, without end if none answers


class Evidence:
    """One document that the transaction inserts: it is there if and only if the commit took effect.

    Its id must be this transaction's own making, for any other somebody else may bring as well. A
    transaction that inserts no such document leaves a mark in `commitMarks`: what it updates or
    deletes could be somebody else's work by the time one looks. So does one that deletes: its mark
    names the products, so that nobody takes a document that has been deleted since for one that
    never was.

    Source of the read concern: a linearizable read confirms with a majority that the primary it
    asked still is one, and that what it returns cannot be rolled back.
    """

    def __init__(self, database: Database, session: Session) -> None:
        self._marks = database["commitMarks"]
        self._session = session
        self._began = datetime.now(UTC)
        self._has_changes = False
        self._deleted: set[ObjectId] = set()
        self._collection: Collection | None = None
        self._id: Any = None
        self._product: str | None = None
        self._receipt: Document | None = None

    def inserted(self, collection: Collection, document_id: ObjectId, product_id: str) -> None:
        """Remember an inserted document, whose id nobody else can bring, and its product.

        The first one is enough.
        """
        if self._collection is None and self._receipt is None:
            self._collection, self._id, self._product = collection, document_id, product_id

    def recorded(self, collection: Collection, receipt: Document) -> None:
        """Remember what only this transaction can have written, into a document that stays."""
        self._collection, self._receipt, self._product = collection, receipt, None

    def updated(self) -> None:
        """Note that something was written."""
        self._has_changes = True

    def deleted(self, products: Ids[ObjectId]) -> None:
        """Note that these products, or rows of theirs, were deleted."""
        self._deleted.update(products)

    async def complete(self) -> None:
        """Leave a mark if what was written needs one; it is the evidence then."""
        if self._deleted or (self._has_changes and self._collection is None):
            mark: Document = {"_id": ObjectId(), "createdAt": datetime.now(UTC)}
            if self._deleted:
                mark["deleted"] = list(self._deleted)
            await self._marks.insert_one(mark, session=self._session)
            if self._receipt:
                return
            self._collection, self._id, self._product = self._marks, mark["_id"], None

    async def is_there(self) -> bool:
        """Whether the document is committed. A transaction that wrote nothing leaves nothing.

        Raises:
            CommitUnknown: its product has been deleted, and it may have been with it.
        """
        if self._collection is None:
            return False
        if await _exists(self._collection, self._receipt or {"_id": self._id}):
            return True
        since = {"$gte": self._began - _CLOCKS_APART}
        if self._product and await _exists(
            self._marks, {"createdAt": since, "deleted": ObjectId(self._product)}
        ):
            raise CommitUnknown("the product by which one could tell has been deleted since")
        return False


async def _exists(collection: Collection, query: Document) -> bool:
    linearizable = collection.with_options(read_concern=ReadConcern("linearizable"))
    found = await linearizable.find_one(query, projection={"_id": 1}, max_time_ms=_READ_LIMIT_MS)
    return found is not None
