"""Taking a stored batch away: it was never wholly stored, or it has outlived its use."""

from bson import ObjectId

from server.mongo.driver import Database
from server.mongo.errors import translated


class BatchRemoval:
    def __init__(self, database: Database) -> None:
        self._batches = database["batchOperations"]
        self._chunks = database["batchChunks"]
        self._rows = database["stockUpdates"]

    async def remove(self, batch_id: str) -> None:
        """The batch goes last, so that an interrupted removal is found and ended.

        Rows that wait for it go; those that tell what happened stay.
        """
        one = ObjectId(batch_id)
        with translated():
            await self._rows.delete_many({"batchId": one, "status": "pending"})
            await self._chunks.delete_many({"batchId": one})
            await self._batches.delete_one({"_id": one})
