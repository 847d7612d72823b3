"""The queue of chunks, outside transactions: who may run which, and for how long.

Leases go by the database's clock (`$$NOW`). They are for getting on with the work, not for what is
exact: that is the fence in the chunk's own transaction, `ChunkReceipts.record`. So they need no
majority: if an election takes a claim back, its chunk is fenced off.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import ExecutionTimeout
from pymongo.write_concern import WriteConcern

from server.domain.stored_batch import LEASE_SECONDS, ClaimedChunk, Lease, StoredItem
from server.mongo.batches.stored_values import from_stored_input
from server.mongo.collections import CHUNKS_BY_LEASE, CHUNKS_TO_CLAIM
from server.mongo.connection.driver import Document, Driver, Session, until
from server.mongo.connection.errors import translated

_NO_LIVE_LEASE: Document = {"$lte": [{"$ifNull": ["$lease.expiresAt", "$$NOW"]}, "$$NOW"]}
_HAS_A_LEASE: Document = {"$eq": [{"$type": "$lease"}, "object"]}
_CLAIM_MS = 1_000  # it takes one or two
_MOST_LOST = 100  # to look at at once
UNCLAIMED: Document = {"status": "pending", "$expr": _NO_LIVE_LEASE}


def chunk_id(batch_id: str, index: int) -> Document:
    """It holds the batch, so that an event of a change stream tells whose progress it is."""
    return {"batch": ObjectId(batch_id), "index": index}


class ChunkQueue:
    def __init__(
        self,
        driver: Driver,
        database: str,
        *,
        kinds: Sequence[str],
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        """`kinds` are those that this process can run: a newer server may have stored others."""
        self.lease_seconds = lease_seconds
        self._kinds = list(kinds)
        self._driver = driver
        self._chunks = driver.client[database]["batchChunks"].with_options(
            write_concern=WriteConcern(1)
        )

    async def claim(
        self,
        worker: str,
        session: Session,
        *,
        batch_id: str | None = None,
        reserved_by: str | None = None,
    ) -> ClaimedChunk | None:
        """The first chunk whose turn it is and that nobody holds; None if there is none.

        `session` is the one of the chunk's transactions. What happens in one session is in causal
        order: the snapshot of a transaction in another might be from before the claim, for it may
        lie a little in the past, and the chunk would seem to be lost.

        It may be one that somebody held until the lease ran out. `batch_id` looks at that batch
        alone; `reserved_by` finds, besides, what was stored for that one and not begun yet.

        Raises:
            StoreError: the database did not answer.
        """
        token = uuid4().hex
        free: list[Document] = [{"$lte": ["$readyAt", "$$NOW"]}, _NO_LIVE_LEASE]
        where: Document = {
            "status": "pending",
            "blocked": False,
            "operationType": {"$in": self._kinds},
            "$expr": {"$and": free},
        }
        if batch_id is not None:
            where = {"batchId": ObjectId(batch_id), **where}
        if reserved_by is not None:
            own = {"$eq": ["$lease.reservedBy", reserved_by]}
            where["$expr"] = {"$or": [own, {"$and": free}]}
        lease = {
            "token": token,
            "worker": {"$literal": worker},
            "sessions": {"$concatArrays": [[session.session_id["id"]], "$lost"]},
            "expiresAt": until(self.lease_seconds),
        }
        was_held = {"$and": [_HAS_A_LEASE, {"$ne": [{"$type": "$lease.reservedBy"}, "string"]}]}
        crashes = {"$add": ["$crashes", {"$cond": [was_held, 1, 0]}]}
        claimed = [
            {"$set": {"crashes": crashes, "lost": {"$ifNull": ["$lease.sessions", []]}}},
            {"$unset": "lease"},  # or the new one would be merged into it
            {"$set": {"lease": lease}},
            {"$unset": "lost"},
        ]

        async def take() -> Any:
            return await self._chunks.find_one_and_update(
                where,
                claimed,
                sort=[("due", 1), ("_id", 1)],
                hint=CHUNKS_TO_CLAIM if batch_id is None else None,
                return_document=ReturnDocument.BEFORE,
                session=session,
                maxTimeMS=_CLAIM_MS,
            )

        with translated():
            try:
                before = await take()
            except ExecutionTimeout:
                await self.end_transactions_of_the_lost()
                before = await take()
        return _claimed(before, token) if before else None

    async def renew(self, lease: Lease) -> bool:
        """Whether it still was ours; then it is for another while."""
        with translated():
            result = await self._chunks.update_one(
                _held(lease), [{"$set": {"lease.expiresAt": until(self.lease_seconds)}}]
            )
        return bool(result.matched_count)

    async def renew_reserved(self, batch_id: str, reserved_by: str) -> None:
        """Keep what was stored for a request and has not been begun."""
        with translated():
            await self._chunks.update_many(
                {"batchId": ObjectId(batch_id), "lease.reservedBy": reserved_by},
                [{"$set": {"lease.expiresAt": until(self.lease_seconds)}}],
            )

    async def give_back(self, lease: Lease, *, delay_seconds: float, failed: bool) -> None:
        """Let somebody else have it, not before so many seconds. `failed` counts as an attempt."""
        ready = {"$add": ["$$NOW", int(delay_seconds * 1000)]}
        with translated():
            await self._chunks.update_one(
                _held(lease),
                [
                    {"$set": {"readyAt": ready, "attempts": {"$add": ["$attempts", int(failed)]}}},
                    {"$unset": "lease"},
                ],
            )

    async def end_transactions_of(self, session_ids: Sequence[Any]) -> None:
        """End what lost workers have left open: their locks are gone now, and not in 60 s."""
        if session_ids:  # none would mean all
            with translated():
                await self._driver.client.admin.command(
                    "killSessions", [{"id": one} for one in session_ids]
                )

    async def end_transactions_of_the_lost(self) -> None:
        """End those of workers that are gone, or have lost their leases.

        A write to a chunk waits for a transaction that has written it; MongoDB ends one that nobody
        goes on with only after a minute.
        """
        with translated():
            lost = await self._chunks.find(
                {
                    "lease.expiresAt": {"$exists": True},
                    "status": "pending",
                    "$expr": _NO_LIVE_LEASE,
                },
                {"lease.sessions": 1},
                hint=CHUNKS_BY_LEASE,
            ).to_list(_MOST_LOST)
        for one in lost:
            await self.end_transactions_of(one["lease"].get("sessions", []))

    async def length(self, limit: int) -> int:
        """How many chunks are not done, counted up to `limit`."""
        with translated():
            count: int = await self._chunks.count_documents(
                {"status": "pending"}, limit=limit, hint=CHUNKS_TO_CLAIM
            )
        return count


def _held(lease: Lease) -> Document:
    return {
        "_id": chunk_id(lease.batch_id, lease.index),
        "status": "pending",
        "lease.token": lease.token,
    }


def _claimed(document: Mapping[str, Any], token: str) -> ClaimedChunk:
    answered = {one["index"] for one in document["outcomes"]}
    held = document.get("lease", {})
    lapsed = bool(held) and "reservedBy" not in held
    return ClaimedChunk(
        lease=Lease(batch_id=str(document["batchId"]), index=document["index"], token=token),
        items=[
            StoredItem(index=one["index"], input=from_stored_input(one["input"]))
            for one in document["items"]
            if one["index"] not in answered
        ],
        size=len(document["items"]),
        attempts=document["attempts"],
        crashes=document["crashes"] + lapsed,
        after_failure=document["afterFailure"],
        has_failures=document["failureCount"] > 0,
        left_open=held.get("sessions", []) if lapsed else [],
    )
