"""Storing a batch, inside a transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from bson import ObjectId

from server.domain.batch_state import HIDDEN, BatchState
from server.domain.stock_update import LedgerEntry
from server.domain.stored_batch import LEASE_SECONDS, Chunk, StoredBatch
from server.mongo.batches.documents import from_batch, from_chunk
from server.mongo.connection.driver import Database, Document, Session, until
from server.mongo.connection.evidence import Evidence
from server.mongo.products.documents import from_ledger_entry

_SUBMITTING = BatchState.SUBMITTING.value
_PENDING = BatchState.PENDING.value
_HIDDEN = [state.value for state in HIDDEN]


class Reservation(NamedTuple):
    """For whom chunks are stored, and for how long."""

    by: str
    seconds: float


class StoredBatches:
    def __init__(self, database: Database, session: Session, evidence: Evidence) -> None:
        self._batches = database["batchOperations"]
        self._chunks = database["batchChunks"]
        self._rows = database["stockUpdates"]
        self._session = session
        self._evidence = evidence

    async def insert(
        self,
        batch: StoredBatch,
        chunks: Sequence[Chunk],
        rows: Sequence[LedgerEntry],
        *,
        reserved: Reservation | None = None,
    ) -> None:
        """The whole batch, ready to be run; `reserved` for somebody, it is run by
        that one first.

        Raises:
            DuplicateKey: another batch has its idempotency key.
        """
        document = from_batch(batch, _PENDING)
        await self._batches.insert_one(document, session=self._session)
        self._evidence.recorded(self._batches, {"_id": document["_id"]})
        await self.add(batch, chunks, rows, starts=True, reserved=reserved)
        if not reserved:
            await self._are_due_now(batch)

    async def add(
        self,
        batch: StoredBatch,
        chunks: Sequence[Chunk],
        rows: Sequence[LedgerEntry],
        *,
        starts: bool,
        reserved: Reservation | None = None,
    ) -> None:
        """Chunks, and the rows that they will settle. Without `starts` they all wait."""
        lease = _lease(reserved.by, batch.created_at) if reserved else None
        documents = [
            from_chunk(
                batch,
                chunk,
                blocked=not starts or chunk.index >= batch.lanes,
                reserved=lease,
            )
            for chunk in chunks
        ]
        if documents:
            await self._chunks.insert_many(documents, session=self._session)
            self._evidence.recorded(self._chunks, {"_id": documents[0]["_id"]})
        if reserved:
            await self._start_reservation(batch.id, reserved.seconds)
        if rows:
            one = ObjectId(batch.id)
            pending = [from_ledger_entry(row, batch.created_at, one) for row in rows]
            await self._rows.insert_many(pending, session=self._session)

    async def begin(self, batch: StoredBatch) -> None:
        """A batch whose chunks will come piece by piece: nobody sees it yet.

        Raises:
            DuplicateKey: another batch has its idempotency key.
        """
        document = from_batch(batch, _SUBMITTING)
        await self._batches.insert_one(document, session=self._session)
        await self._batches.update_one(  # by the database's clock, which no insert can read
            {"_id": document["_id"]},
            [{"$set": {"submittedUntil": until(LEASE_SECONDS)}}],
            session=self._session,
        )
        self._evidence.recorded(self._batches, {"_id": document["_id"]})

    async def goes_on(self, batch_id: str) -> bool:
        """Whether nobody has given the submission up in its name, or can before this commits."""
        result = await self._batches.update_one(
            {"_id": ObjectId(batch_id), "status": _SUBMITTING},
            [{"$set": {"submittedUntil": until(LEASE_SECONDS)}}],
            session=self._session,
        )
        return bool(result.matched_count)

    async def start(self, batch: StoredBatch) -> bool:
        """Let it run; false if the submission was given up in its name."""
        result = await self._batches.update_one(
            {"_id": ObjectId(batch.id), "status": _SUBMITTING},
            {
                "$set": {
                    "status": _PENDING,
                    "totalItems": batch.total_items,
                    "chunks": batch.chunks,
                    "lanes": batch.lanes,
                    "content": batch.content,
                },
                "$unset": {"submittedUntil": ""},
            },
            session=self._session,
        )
        if not result.matched_count:
            return False
        started = {"_id": ObjectId(batch.id), "status": {"$nin": _HIDDEN}}
        self._evidence.recorded(self._batches, started)
        await self._chunks.update_many(
            {"batchId": ObjectId(batch.id), "index": {"$lt": batch.lanes}},
            [{"$set": {"blocked": False, "due": "$$NOW"}}],
            session=self._session,
        )
        return True

    async def _are_due_now(self, batch: StoredBatch) -> None:
        """By the database's clock, as all that they stand in line with."""
        await self._chunks.update_many(
            {"batchId": ObjectId(batch.id), "index": {"$lt": batch.lanes}},
            [{"$set": {"due": "$$NOW"}}],
            session=self._session,
        )

    async def _start_reservation(self, batch_id: str, seconds: float) -> None:
        """By the database's clock, which no insert can read."""
        await self._chunks.update_many(
            {"batchId": ObjectId(batch_id)},
            [{"$set": {"lease.expiresAt": until(seconds)}}],
            session=self._session,
        )


def _lease(reserved_by: str, now: datetime) -> Document:
    return {"token": reserved_by, "worker": "request", "reservedBy": reserved_by, "expiresAt": now}
