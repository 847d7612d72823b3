"""What a transaction leaves behind by which its commit can be recognised."""

from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from pymongo.read_concern import ReadConcern

from server.mongo.driver import Collection, Database, Session

_READ_LIMIT_MS = 5_000  # a linearizable read waits for the majority, without end if none answers


class Evidence:
    """One document that the transaction inserts: it is there if and only if the commit took effect.

    A transaction that inserts none of its own leaves a mark in `commitMarks`, for what it updates
    or deletes could as well be somebody else's work by the time one looks.

    Source of the read concern: a linearizable read confirms with a majority that the primary it
    asked still is one, and that what it returns cannot be rolled back.
    """

    def __init__(self, database: Database, session: Session) -> None:
        self._marks = database["commitMarks"]
        self._session = session
        self._has_changes = False
        self._collection: Collection | None = None
        self._id: Any = None

    def inserted(self, collection: Collection, document_id: Any) -> None:
        """Remember an inserted document; the first one is enough."""
        if self._collection is None:
            self._collection, self._id = collection, document_id

    def changed(self) -> None:
        """Note that something was written that leaves no new document."""
        self._has_changes = True

    async def complete(self) -> None:
        """Leave a mark if there is no other evidence of what was written."""
        if self._has_changes and self._collection is None:
            mark = {"_id": ObjectId(), "createdAt": datetime.now(UTC)}
            self.inserted(self._marks, mark["_id"])
            await self._marks.insert_one(mark, session=self._session)

    async def is_there(self) -> bool:
        """Whether the document is committed. A transaction that wrote nothing leaves nothing."""
        if self._collection is None:
            return False
        linearizable = self._collection.with_options(read_concern=ReadConcern("linearizable"))
        found = await linearizable.find_one(
            {"_id": self._id}, projection={"_id": 1}, max_time_ms=_READ_LIMIT_MS
        )
        return found is not None
