"""Which batch a caller's file became, in the collection `sentFiles`, by the database's clock."""

from typing import Final

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.write_concern import WriteConcern

from server.mongo.connection.document import until
from server.mongo.connection.driver import Database
from server.mongo.connection.errors import translated

REMEMBERED_SECONDS: Final = 3600.0
_NOTE_MS: Final = 1_000  # a note is never worth a longer wait


class SentFiles:
    """One document for each file of the last hour. All servers of a database share them.

    They are written without majority: an election that loses one costs a warning.
    """

    def __init__(self, database: Database) -> None:
        self._files = database["sentFiles"].with_options(write_concern=WriteConcern(1))

    async def note(self, file: str, batch_id: str) -> str | None:
        """Note that the file has become this batch, and return its earlier batch; None if none.

        `file` is the hash of all that makes two files the same. Of two callers of this at a time,
        one gets the batch of the other.

        Raises:
            StoreError: the database did not answer.
        """
        is_alive = {"$gt": ["$forgetAt", "$$NOW"]}
        with translated():
            found = await self._files.find_one_and_update(
                {"_id": file},
                [
                    {"$set": {"earlier": {"$cond": [is_alive, "$batchId", None]}}},
                    {
                        "$set": {
                            "batchId": ObjectId(batch_id),
                            "forgetAt": until(REMEMBERED_SECONDS),
                        }
                    },
                ],
                upsert=True,
                return_document=ReturnDocument.AFTER,
                maxTimeMS=_NOTE_MS,
            )
        earlier = found and found.get("earlier")
        return str(earlier) if earlier else None
