"""The receipt: what a chunk's transaction writes into the chunk to say that it is done."""

from collections.abc import Sequence
from uuid import uuid4

from pymongo import ReturnDocument

from server.domain.errors import LeaseLost
from server.domain.lanes import TURN_SECONDS
from server.domain.stored_batch import Lease
from server.mongo.batches.documents import FAILED, chunk_id
from server.mongo.connection.document import Document, until
from server.mongo.connection.driver import Database, Session
from server.mongo.connection.evidence import Evidence


class ChunkReceipts:
    def __init__(self, database: Database, session: Session, evidence: Evidence) -> None:
        self._chunks = database["batchChunks"]
        self._session = session
        self._evidence = evidence

    async def record(
        self,
        lease: Lease,
        outcomes: Sequence[Document],
        *,
        following: int | None,
        publishes: bool = False,
        forgets_crashes: bool = False,
    ) -> None:
        """Record the outcomes. With the last of them the chunk is done, and `following` may run.

        This is the fence: the transaction commits only if the lease's token is still the chunk's.
        It must be the transaction's last write, since a renewal of the lease conflicts with it.

        `forgets_crashes` sets the chunk's number of crashes to 0, and forgets its deaths.

        Raises:
            LeaseLost: another worker holds the chunk, or it is done.
        """
        receipt = uuid4().hex
        failures = sum(outcome["kind"] == FAILED for outcome in outcomes)
        successes = len(outcomes) - failures
        added: Document = {
            "outcomes": {"$concatArrays": ["$outcomes", {"$literal": list(outcomes)}]},
            "successCount": {"$add": ["$successCount", successes]},
            "failureCount": {"$add": ["$failureCount", failures]},
            "receipt": receipt,
        }
        if publishes:
            added["publishingCount"] = {"$add": ["$publishingCount", successes]}
        if forgets_crashes:
            added |= {"crashes": 0, "deaths": []}
        is_done = {"$gte": [{"$size": "$outcomes"}, {"$size": "$items"}]}
        found = await self._chunks.find_one_and_update(
            {
                "_id": chunk_id(lease.batch_id, lease.index),
                "status": "pending",
                "lease.token": lease.token,
            },
            [
                {"$set": added},
                {
                    "$set": {
                        "status": {"$cond": [is_done, "done", "pending"]},
                        "lease": {"$cond": [is_done, "$$REMOVE", "$lease"]},
                        "doneAt": {"$cond": [is_done, "$$NOW", "$$REMOVE"]},
                        "rows": {"$cond": [is_done, "$$REMOVE", "$rows"]},
                    }
                },
            ],
            projection={"status": 1, "afterFailure": 1, "failureCount": 1},
            return_document=ReturnDocument.AFTER,
            session=self._session,
        )
        if found is None:
            raise LeaseLost(
                f"chunk {lease.index} of batch {lease.batch_id} is held by another worker, or done"
            )
        self._evidence.recorded(self._chunks, {"_id": found["_id"], "receipt": receipt})
        if found["status"] == "done":
            has_failed = found["afterFailure"] or found["failureCount"] > 0
            if following is not None:
                await self._free(lease.batch_id, following, has_failed=has_failed)

    async def _free(self, batch_id: str, index: int, *, has_failed: bool) -> None:
        await self._chunks.update_one(
            {"_id": chunk_id(batch_id, index)},
            [
                {
                    "$set": {
                        "blocked": False,
                        "afterFailure": has_failed,
                        "due": until(TURN_SECONDS),
                    }
                }
            ],
            session=self._session,
        )
