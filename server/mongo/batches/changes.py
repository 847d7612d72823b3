"""What changes in stored batches, as it happens: a change stream."""

from collections.abc import AsyncGenerator

from bson import ObjectId

from server.mongo.connection.document import Document
from server.mongo.connection.driver import Driver
from server.mongo.connection.errors import translated

# Only whose progress it is: a chunk's id holds its batch.
_PIPELINE: list[Document] = [
    {
        "$match": {
            "ns.coll": {"$in": ["batchOperations", "batchChunks"]},
            "operationType": {"$in": ["insert", "update", "replace"]},
        }
    },
    {"$project": {"documentKey": 1}},
]


class BatchChanges:
    def __init__(self, driver: Driver, database: str) -> None:
        self._driver = driver
        self._database = database

    async def stream(self) -> AsyncGenerator[str | None, None]:
        """The id of each batch of which something has changed; None first, once it listens.

        Raises:
            StoreError: the stream broke, and the driver could not take it up again.
        """
        with translated():
            async with await self._driver.watch(self._database, _PIPELINE) as changes:
                first = await changes.try_next()  # Motor listens from now on, and not before
                yield None
                if first is not None:
                    yield _batch_of(first)
                async for change in changes:
                    yield _batch_of(change)


def _batch_of(change: Document) -> str:
    key = change["documentKey"]["_id"]
    return str(key if isinstance(key, ObjectId) else key["batch"])
