"""What each caller may still send. All processes share it, in the collection `callers`."""

from typing import NamedTuple

from pymongo import ReturnDocument
from pymongo.write_concern import WriteConcern

from server.domain.batch_state import UNFINISHED, BatchState
from server.domain.errors import RateLimited
from server.mongo.collections import BATCHES_BY_CALLER
from server.mongo.connection.document import Document, until
from server.mongo.connection.driver import Database, Session
from server.mongo.connection.errors import translated

_MINUTE_MS = 60_000
_NOTED_SECONDS = 3600.0
_WAITING = [BatchState.SUBMITTING.value, *(state.value for state in UNFINISHED)]
_WAITING_RETRY_SECONDS = 5


class ItemLease(NamedTuple):
    """How many items were granted; if none, in how many seconds they would be."""

    items: int
    seconds: float


class Callers:
    """The allowances of callers: a token bucket for each, filled by the database's clock.

    Its document is written without majority: an election that rolls it back lets a caller send
    what the bucket holds once more.
    """

    def __init__(self, database: Database) -> None:
        self._callers = database["callers"].with_options(write_concern=WriteConcern(1))

    async def lease(
        self, caller: str, per_minute: int, *, least: int, most: int, returned: int = 0
    ) -> ItemLease:
        """Take at least `least` items out of the bucket and at most `most`, or none.

        The bucket holds `per_minute` items. More than that can be taken when it is full, and then
        it owes the rest. With a `least` of 0, it may owe all of `most`. `returned` are items of an
        earlier lease that were not used.

        Raises:
            StoreError: the database did not answer.
        """
        needed = min(least, per_minute)
        passed: Document = {"$subtract": ["$$NOW", {"$ifNull": ["$at", "$$NOW"]}]}
        filled: Document = {"$multiply": [{"$max": [passed, 0]}, per_minute / _MINUTE_MS]}
        items: Document = {"$add": [{"$ifNull": ["$items", per_minute]}, filled, returned]}
        held: Document = {"$max": [least, {"$min": [most, {"$floor": "$items"}]}]}
        granted: Document = {"$literal": most}
        if least:
            granted = {"$cond": [{"$gte": ["$items", needed]}, held, 0]}
        missing: Document = {"$subtract": [per_minute, "$items"]}
        full: Document = {"$multiply": [missing, _MINUTE_MS / per_minute]}
        with translated():
            found = await self._callers.find_one_and_update(
                {"_id": caller},
                [
                    {"$set": {"items": {"$min": [per_minute, items]}, "at": "$$NOW"}},
                    {"$set": {"granted": granted}},
                    {"$set": {"items": {"$subtract": ["$items", "$granted"]}}},
                    {"$set": {"forgetAt": {"$max": ["$forgetAt", {"$add": ["$$NOW", full]}]}}},
                ],
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        if found is None:
            raise AssertionError("an upsert leaves a document")
        seconds = (needed - found["items"]) * 60 / per_minute
        return ItemLease(items=int(found["granted"]), seconds=max(0.0, seconds))

    async def note(self, caller: str) -> None:
        """Let the caller have a document, which `WaitingBatches` needs."""
        later: Document = {"$max": ["$forgetAt", until(_NOTED_SECONDS)]}
        with translated():
            await self._callers.update_one(
                {"_id": caller}, [{"$set": {"forgetAt": later}}], upsert=True
            )


class WaitingBatches:
    """The batches of a caller that have not ended, in a transaction that inserts another."""

    def __init__(self, database: Database, session: Session) -> None:
        self._callers = database["callers"]
        self._batches = database["batchOperations"]
        self._session = session

    async def require_room(self, caller: str, most: int) -> None:
        """Check that one more batch of the caller may wait.

        The write makes two such transactions conflict, so that each sees the other's batch.

        Raises:
            RateLimited: `most` batches wait.
        """
        await self._callers.update_one(
            {"_id": caller}, {"$inc": {"submissions": 1}}, upsert=True, session=self._session
        )
        waiting = await self._batches.count_documents(
            {"caller": caller, "status": {"$in": _WAITING}},
            limit=most,
            hint=BATCHES_BY_CALLER,
            session=self._session,
        )
        if waiting >= most:
            raise RateLimited(
                f"{waiting} of your batches wait or run, and at most {most} may: submit this one "
                "when another has ended.",
                retry_after_seconds=_WAITING_RETRY_SECONDS,
            )
