"""Evidence: what a transaction leaves in the database to prove that it committed."""

from collections.abc import Collection as Ids
from datetime import UTC, datetime, timedelta

from bson import ObjectId
from pymongo.read_concern import ReadConcern

from server.domain.errors import CommitUnknown
from server.mongo.connection.document import Document
from server.mongo.connection.driver import Collection, Database, Session

_CLOCK_DIFFERENCE = timedelta(minutes=5)  # the most that the clocks of two servers may differ
_READ_LIMIT_MS = 5_000  # a linearizable read waits for a majority, for ever if none answers


class Evidence:
    """A document that exists if and only if the transaction committed.

    Its id must have been made by this transaction, since another could insert any other id too. A
    transaction without such a document inserts a mark into `commitMarks`: an update or a deletion
    proves nothing, since another transaction may have done the same. A transaction that deletes
    leaves a mark as well, which names the products: so a document that was inserted and deleted
    since is not mistaken for one that was never there.

    The document is read with read concern "linearizable": a majority confirms that the primary is
    still primary, so what is read cannot be rolled back.
    """

    def __init__(self, database: Database, session: Session) -> None:
        self._marks = database["commitMarks"]
        self._session = session
        self._began = datetime.now(UTC)
        self._has_changes = False
        self._deleted: set[ObjectId] = set()
        self._collection: Collection | None = None
        self._id: ObjectId | None = None
        self._product: str | None = None
        self._receipt: Document | None = None

    def inserted(self, collection: Collection, document_id: ObjectId, product_id: str) -> None:
        """Note an inserted document with an id of this transaction's own, and its product.

        Only the first one counts.
        """
        if self._collection is None and self._receipt is None:
            self._collection, self._id, self._product = collection, document_id, product_id

    def recorded(self, collection: Collection, receipt: Document) -> None:
        """Note a document that is never deleted with a product, as only this transaction wrote it.

        `receipt` is the query that finds it.
        """
        self._collection, self._receipt, self._product = collection, receipt, None

    def updated(self) -> None:
        """Note that something was written."""
        self._has_changes = True

    def deleted(self, products: Ids[ObjectId]) -> None:
        """Note that these products, or rows of theirs, were deleted."""
        self._deleted.update(products)

    async def complete(self) -> None:
        """Insert a mark if what was written needs one. Without a receipt, it is the evidence."""
        if self._deleted or (self._has_changes and self._collection is None):
            mark: Document = {"_id": ObjectId(), "createdAt": datetime.now(UTC)}
            if self._deleted:
                mark["deleted"] = list(self._deleted)
            await self._marks.insert_one(mark, session=self._session)
            if self._receipt:
                return
            self._collection, self._id, self._product = self._marks, mark["_id"], None

    async def is_there(self) -> bool:
        """Return whether the document is committed; False for a transaction that wrote nothing.

        Raises:
            CommitUnknown: its product has been deleted, and the document perhaps with it.
        """
        if self._collection is None:
            return False
        if await _exists(self._collection, self._receipt or {"_id": self._id}):
            return True
        since = {"$gte": self._began - _CLOCK_DIFFERENCE}
        if self._product and await _exists(
            self._marks, {"createdAt": since, "deleted": ObjectId(self._product)}
        ):
            raise CommitUnknown("the product whose row would prove it has been deleted since")
        return False


async def _exists(collection: Collection, query: Document) -> bool:
    linearizable = collection.with_options(read_concern=ReadConcern("linearizable"))
    found = await linearizable.find_one(query, projection={"_id": 1}, max_time_ms=_READ_LIMIT_MS)
    return found is not None
