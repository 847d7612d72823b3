"""What a transaction leaves behind by which its commit can be recognised."""

from typing import Any

from pymongo.read_concern import ReadConcern

from server.mongo.driver import Collection

_READ_LIMIT_MS = 5_000  # a linearizable read waits for the majority, without end if none answers


class Evidence:
    """One document that the transaction inserts: it is there if and only if the commit took effect.

    Source of the read concern: a linearizable read confirms with a majority that the primary it
    asked still is one, and that what it returns cannot be rolled back.
    """

    def __init__(self) -> None:
        self._collection: Collection | None = None
        self._id: Any = None

    def note(self, collection: Collection, document_id: Any) -> None:
        """Remember an inserted document; the first one is enough."""
        if self._collection is None:
            self._collection, self._id = collection, document_id

    async def is_there(self) -> bool:
        """Whether the document is committed. A transaction that inserted nothing leaves nothing."""
        if self._collection is None:
            return False
        linearizable = self._collection.with_options(read_concern=ReadConcern("linearizable"))
        found = await linearizable.find_one(
            {"_id": self._id}, projection={"_id": 1}, max_time_ms=_READ_LIMIT_MS
        )
        return found is not None
