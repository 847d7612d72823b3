"""The changes of stored batches, as they happen: a change stream."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TypeVar

from bson import ObjectId

from server.mongo.connection.document import Document
from server.mongo.connection.driver import ChangeStream, Driver
from server.mongo.connection.errors import translated

_GRACE_SECONDS = 3.0  # a database that does not answer may delay the end of a stream by this

# Of an event only the `_id` is read: a chunk's holds the id of its batch.
_PIPELINE: list[Document] = [
    {
        "$match": {
            "ns.coll": {"$in": ["batchOperations", "batchChunks"]},
            "operationType": {"$in": ["insert", "update", "replace"]},
        }
    },
    {"$project": {"documentKey": 1}},
]

_T = TypeVar("_T")


class BatchChanges:
    def __init__(self, driver: Driver, database: str) -> None:
        self._driver = driver
        self._database = database

    async def stream(self) -> AsyncGenerator[str | None, None]:
        """Yield the id of each batch of which something has changed; None first, once it listens.

        A cancellation, however often it comes, leaves no cursor open on the server.

        Raises:
            StoreError: the stream broke, and the driver could not take it up again.
        """
        with translated():
            async with self._opened() as changes:
                first = await _ended(changes.try_next())
                yield None
                if first is not None:
                    yield _batch_of(first)
                while changes.alive:
                    change = await _ended(changes.try_next())
                    if change is not None:
                        yield _batch_of(change)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[ChangeStream]:
        """Open a change stream, and close it even if the opening was cancelled meanwhile.

        Cancelled before the answer has come, the driver does not know the cursor that it has to
        close, and the server keeps it for ten minutes.
        """
        opening = asyncio.ensure_future(self._driver.watch(self._database, _PIPELINE))
        try:
            yield await _ended(opening)
        finally:
            if opening.done() and not opening.cancelled() and opening.exception() is None:
                await _ended(opening.result().close())


async def _ended(call: Awaitable[_T]) -> _T:
    """Return what a call of the driver returns; if cancelled, let the call end first.

    Neither driver can be interrupted safely. A second cancellation stops PyMongo on its way to
    killCursors. Motor's thread goes on reading, and opens a new cursor if it misses the old one.
    After a grace period the call is cancelled all the same.
    """
    task = asyncio.ensure_future(call)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            if cancelled is None:
                asyncio.get_running_loop().call_later(_GRACE_SECONDS, task.cancel)
            cancelled = error
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # else asyncio logs that nobody has looked at it
    raise cancelled


def _batch_of(change: Document) -> str:
    key = change["documentKey"]["_id"]
    return str(key if isinstance(key, ObjectId) else key["batch"])
