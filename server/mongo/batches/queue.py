"""The queue of chunks, outside transactions: claims and their leases.

Leases go by the database's clock (`$$NOW`). They keep two workers from doing the same work; what
makes a chunk apply exactly once is the fence in its transaction, `ChunkReceipts.record`. So a claim
is written without majority: if an election rolls it back, the transaction fails at the fence.
"""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import ExecutionTimeout
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from server.domain.death import Death
from server.domain.errors import LeaseLost
from server.domain.queue_state import QueueDepth
from server.domain.stored_batch import LEASE_SECONDS, ClaimedChunk, Lease
from server.mongo.batches.documents import chunk_id, from_death, to_claimed_chunk
from server.mongo.collections import CHUNKS_BY_LEASE, CHUNKS_NOT_DONE, CHUNKS_TO_CLAIM
from server.mongo.connection.document import Document, until
from server.mongo.connection.driver import Driver, Session
from server.mongo.connection.errors import translated

_NO_LIVE_LEASE: Document = {"$lte": [{"$ifNull": ["$lease.expiresAt", "$$NOW"]}, "$$NOW"]}
_LIVE_LEASE: Document = {"$gt": ["$lease.expiresAt", "$$NOW"]}
_HAS_A_LEASE: Document = {"$eq": [{"$type": "$lease"}, "object"]}
_CLAIM_MS = 1_000  # a claim takes 1 or 2 ms, unless a dead worker's open transaction holds it up
_DEPTH_MS = 1_000
_MOST_LAPSED = 100  # chunks to look at in one call
_MOST_DEATHS = 50  # of one chunk; the search for an item at fault ends after far fewer
# A lease that ran out under a mark is a death. Without one, `deaths` stays as it is, or absent.
_DEATHS: Document = {
    "$cond": [
        {"$eq": [{"$type": "$lease.applying"}, "object"]},
        {
            "$slice": [
                {
                    "$concatArrays": [
                        {"$ifNull": ["$deaths", []]},
                        [
                            {
                                "first": "$lease.applying.first",
                                "last": "$lease.applying.last",
                                "at": "$lease.expiresAt",
                                "worker": "$lease.worker",
                            }
                        ],
                    ]
                },
                -_MOST_DEATHS,
            ]
        },
        "$deaths",
    ]
}
UNCLAIMED: Document = {"status": "pending", "$expr": _NO_LIVE_LEASE}


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
        self._database = driver.client[database]
        self._chunks = self._database["batchChunks"].with_options(write_concern=WriteConcern(1))

    async def claim(
        self,
        worker: str,
        session: Session,
        *,
        batch_id: str | None = None,
        reserved_by: str | None = None,
    ) -> ClaimedChunk | None:
        """Claim the first chunk that is due and has no live lease; None if there is none.

        With `batch_id` only that batch's chunks count. With `reserved_by`, chunks reserved for that
        request count too, although their reservation is a live lease.

        `session` must be the one that the chunk's transactions will use. In another session a
        transaction may read a moment before the claim, find the old token, and report the lease as
        lost.

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
        # A reservation that lapsed is no crash: nothing has run the chunk yet.
        has_lapsed = {"$and": [_HAS_A_LEASE, {"$ne": [{"$type": "$lease.reservedBy"}, "string"]}]}
        crashes = {"$add": ["$crashes", {"$cond": [has_lapsed, 1, 0]}]}
        claimed: list[Document] = [
            # `lost` carries the earlier holders' sessions over to the new lease.
            {
                "$set": {
                    "crashes": crashes,
                    "lost": {"$ifNull": ["$lease.sessions", []]},
                    "deaths": _DEATHS,
                }
            },
            {"$unset": "lease"},  # $set would merge the new lease into the old one
            {"$set": {"lease": lease}},
            {"$unset": "lost"},
        ]

        async def take() -> Document | None:
            return await self._chunks.find_one_and_update(
                where,
                claimed,
                sort=[("due", 1), ("_id", 1)],
                hint=CHUNKS_TO_CLAIM if batch_id is None else None,
                return_document=ReturnDocument.BEFORE,  # the old one shows whose lease lapsed
                session=session,
                maxTimeMS=_CLAIM_MS,
            )

        with translated():
            try:
                before = await take()
            except ExecutionTimeout:
                await self.end_lapsed_transactions()
                before = await take()
        return to_claimed_chunk(before, token) if before else None

    async def renew(self, lease: Lease) -> bool:
        """Renew the lease, and return whether it was still held."""
        with translated():
            result = await self._chunks.update_one(
                _held(lease), [{"$set": {"lease.expiresAt": until(self.lease_seconds)}}]
            )
        return bool(result.matched_count)

    async def mark(
        self, lease: Lease, first: int, last: int, deaths: Sequence[Death], session: Session
    ) -> None:
        """Note that a transaction of these items begins, and renew the lease.

        If the lease runs out under the mark, that is a death of its worker. `deaths` replace those
        that the chunk has. `session` must be the one of the transaction, as in `claim`.

        Raises:
            LeaseLost: another worker holds the chunk, or it is done.
            StoreError: the database did not answer.
        """
        marked: Document = {
            "lease.applying": {"first": first, "last": last},
            "lease.expiresAt": until(self.lease_seconds),
            "deaths": {"$literal": [from_death(death) for death in deaths]},
        }
        with translated():
            result = await self._chunks.update_one(
                _held(lease), [{"$set": marked}], session=session
            )
        if not result.matched_count:
            raise LeaseLost(
                f"chunk {lease.index} of batch {lease.batch_id} is held by another worker, or done"
            )

    async def note_fault(self, lease: Lease, first: int, last: int) -> None:
        """Note a fault of the chunk's items as if a worker had died of them."""
        death: Document = {"first": first, "last": last, "at": "$$NOW"}
        deaths = {"$concatArrays": [{"$ifNull": ["$deaths", []]}, [death]]}
        with translated():
            await self._chunks.update_one(
                _held(lease), [{"$set": {"deaths": deaths}}, {"$unset": "lease.applying"}]
            )

    async def renew_reserved(self, batch_id: str, reserved_by: str) -> None:
        """Renew the leases of the chunks that the request `reserved_by` has not claimed yet."""
        with translated():
            await self._chunks.update_many(
                {"batchId": ObjectId(batch_id), "lease.reservedBy": reserved_by},
                [{"$set": {"lease.expiresAt": until(self.lease_seconds)}}],
            )

    async def give_back(self, lease: Lease, *, delay_seconds: float, failed: bool) -> None:
        """Free the chunk for another claim after `delay_seconds`.

        If `failed`, the run counts as one of the chunk's attempts.
        """
        ready = until(delay_seconds)
        with translated():
            await self._chunks.update_one(
                _held(lease),
                [
                    {"$set": {"readyAt": ready, "attempts": {"$add": ["$attempts", int(failed)]}}},
                    {"$unset": "lease"},
                ],
            )

    async def end_transactions_of(self, session_ids: Sequence[Any]) -> None:
        """End the transactions of lost workers, whose locks MongoDB would keep for a minute."""
        if session_ids:  # killSessions without ids ends all sessions
            with translated():
                await self._driver.client.admin.command(
                    "killSessions", [{"id": session_id} for session_id in session_ids]
                )

    async def end_lapsed_transactions(self) -> None:
        """End the transactions of workers whose leases ran out, for at most 100 chunks.

        A claim of a chunk waits while a dead worker's transaction still holds that chunk.
        """
        with translated():
            lapsed = await self._chunks.find(
                {
                    "lease.expiresAt": {"$exists": True},
                    "status": "pending",
                    "$expr": _NO_LIVE_LEASE,
                },
                {"lease.sessions": 1},
                hint=CHUNKS_BY_LEASE,
            ).to_list(_MOST_LAPSED)
        for chunk in lapsed:
            await self.end_transactions_of(chunk["lease"].get("sessions", []))

    async def length(self, limit: int) -> int:
        """Return how many chunks are not done, counted up to `limit`."""
        with translated():
            return await self._chunks.count_documents(
                {"status": "pending"}, limit=limit, hint=CHUNKS_NOT_DONE
            )

    async def depth(self) -> QueueDepth:
        """Return how many chunks wait and run, and how long the first that waits has done so.

        Raises:
            StoreError: the database did not answer within a second.
        """
        with translated():
            # A claim is written without majority, too.
            chunks = self._chunks.with_options(read_concern=ReadConcern("local"))
            left = await chunks.count_documents(
                {"status": "pending"}, hint=CHUNKS_NOT_DONE, maxTimeMS=_DEPTH_MS
            )
            running = await chunks.count_documents(
                {"lease.expiresAt": {"$exists": True}, "$expr": _LIVE_LEASE},
                hint=CHUNKS_BY_LEASE,
                maxTimeMS=_DEPTH_MS,
            )
            oldest = await self._oldest_seconds()
        return QueueDepth(waiting=max(0, left - running), running=running, oldest_seconds=oldest)

    async def _oldest_seconds(self) -> float:
        """Return for how long the first chunk that nobody holds could have been claimed."""
        free: Document = {"$and": [{"$lte": ["$readyAt", "$$NOW"]}, _NO_LIVE_LEASE]}
        since: Document = {"$max": ["$due", "$readyAt"]}
        reply = await self._database.command(
            "aggregate",
            self._chunks.name,
            pipeline=[
                {"$match": {"status": "pending", "blocked": False, "$expr": free}},
                {"$sort": {"due": 1, "_id": 1}},
                {"$limit": 1},
                {"$project": {"_id": 0, "ms": {"$subtract": ["$$NOW", since]}}},
            ],
            hint=CHUNKS_TO_CLAIM,
            cursor={},
            maxTimeMS=_DEPTH_MS,
        )
        found: list[Document] = reply["cursor"]["firstBatch"]
        return max(0.0, found[0]["ms"] / 1000) if found else 0.0


def _held(lease: Lease) -> Document:
    return {
        "_id": chunk_id(lease.batch_id, lease.index),
        "status": "pending",
        "lease.token": lease.token,
    }
