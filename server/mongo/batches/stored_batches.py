"""Storing a batch and its chunks, inside a transaction."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from bson import ObjectId
from pymongo.errors import PyMongoError

from server.domain.batch_state import HIDDEN, BatchState
from server.domain.errors import KeyTaken
from server.domain.stored_batch import LEASE_SECONDS, Chunk, StoredBatch
from server.mongo.batches.documents import FAILED, from_chunk, from_file_form
from server.mongo.batches.states import StateChanges
from server.mongo.batches.waiting.rows import from_rows
from server.mongo.connection.document import Document, present, until
from server.mongo.connection.driver import Database, Session
from server.mongo.connection.errors import meets_another_insert
from server.mongo.connection.evidence import Evidence

_SUBMITTING = BatchState.SUBMITTING.value
_HIDDEN = [state.value for state in HIDDEN]


class Reservation(NamedTuple):
    """The request that will run the chunks itself, and how long nothing else may claim them."""

    by: str
    seconds: float


class Ending(NamedTuple):
    """How a batch of one chunk ended: when, its outcomes as they are stored, and its alerts."""

    at: datetime
    outcomes: Sequence[Document]
    alerts: Sequence[str]


class StoredBatches:
    """A batch is inserted whole, or in pieces: `begin`, `add` for each piece, then `start`.

    `objects` are the fields of an item that are objects of plain fields.
    """

    def __init__(self, database: Database, session: Session, evidence: Evidence) -> None:
        self._batches = database["batchOperations"]
        self._chunks = database["batchChunks"]
        self._states = StateChanges(database, session)
        self._session = session
        self._evidence = evidence

    async def insert(
        self,
        batch: StoredBatch,
        chunks: Sequence[Chunk],
        *,
        objects: Collection[str],
        reserved: Reservation | None = None,
    ) -> None:
        """Insert the whole batch, ready to be run; if `reserved`, by that request first.

        Raises:
            DuplicateKey: another batch has its idempotency key.
        """
        await self._states.insert(batch, BatchState.PENDING)
        self._evidence.recorded(self._batches, {"_id": ObjectId(batch.id)})
        lease = _lease(reserved.by, batch.created_at) if reserved else None
        documents = []
        for chunk in chunks:
            blocked, rows = chunk.index >= batch.lanes, from_rows(batch, chunk, shown=True)
            documents.append(
                from_chunk(batch, chunk, objects=objects, blocked=blocked, lease=lease, rows=rows)
            )
            await asyncio.sleep(0)  # a chunk takes a millisecond
        await self._insert_chunks(documents)
        if reserved:
            await self._start_reservation(batch.id, reserved.seconds)
        else:
            await self._set_first_chunks(batch, {"due": "$$NOW"})

    async def insert_completed(
        self, batch: StoredBatch, chunk: Chunk, ending: Ending, *, objects: Collection[str]
    ) -> None:
        """Insert a batch that has ended, with its only chunk. The chunk's effects commit with them.

        Raises:
            KeyTaken: another batch has its idempotency key, or is about to have it.
        """
        failures = sum(outcome["kind"] == FAILED for outcome in ending.outcomes)
        counts = {"successCount": len(ending.outcomes) - failures, "failureCount": failures}
        times = {"startedAt": ending.at, "completedAt": ending.at}
        alerts = present(alerts=list(ending.alerts) or None)
        try:
            await self._states.insert_completed(batch, times | counts | alerts)
        except PyMongoError as error:
            if meets_another_insert(error):
                raise KeyTaken(str(error)) from error
            raise
        self._evidence.recorded(self._batches, {"_id": ObjectId(batch.id)})
        document = from_chunk(batch, chunk, objects=objects, blocked=False)
        done = {"status": "done", "doneAt": ending.at, "outcomes": list(ending.outcomes)}
        await self._chunks.insert_one(document | done | counts, session=self._session)

    async def begin(self, batch: StoredBatch) -> None:
        """Insert a batch whose chunks will come in pieces; callers do not see it yet.

        Raises:
            DuplicateKey: another batch has its idempotency key.
        """
        await self._states.insert(batch, BatchState.SUBMITTING)
        await self.goes_on(batch.id)  # an insert cannot read the database's clock
        self._evidence.recorded(self._batches, {"_id": ObjectId(batch.id)})

    async def goes_on(self, batch_id: str) -> bool:
        """Return whether the submission is still live, and renew it.

        The write keeps others from abandoning the submission before this transaction commits.
        """
        result = await self._batches.update_one(
            {"_id": ObjectId(batch_id), "status": _SUBMITTING},
            [{"$set": {"submittedUntil": until(LEASE_SECONDS)}}],
            session=self._session,
        )
        return bool(result.matched_count)

    async def add(
        self, batch: StoredBatch, chunks: Sequence[Chunk], *, objects: Collection[str]
    ) -> None:
        """Insert some chunks of a batch that was begun; they and their rows wait for its start."""
        documents = []
        for chunk in chunks:
            rows = from_rows(batch, chunk, shown=False)
            documents.append(from_chunk(batch, chunk, objects=objects, blocked=True, rows=rows))
            await asyncio.sleep(0)  # a chunk takes a millisecond
        await self._insert_chunks(documents)

    async def start(self, batch: StoredBatch) -> bool:
        """Let a batch run whose chunks are all stored; return False if it was abandoned."""
        fields: Document = {
            "totalItems": batch.total_items,
            "chunks": batch.chunks,
            "lanes": batch.lanes,
            "content": batch.content,
        } | present(file=from_file_form(batch.file))
        if not await self._states.change(
            batch.id, BatchState.PENDING, fields, removed=["submittedUntil"]
        ):
            return False
        started = {"_id": ObjectId(batch.id), "status": {"$nin": _HIDDEN}}
        self._evidence.recorded(self._batches, started)
        await self._set_first_chunks(batch, {"blocked": False, "due": "$$NOW"})
        if batch.first_row is not None:
            await self._show_rows(batch)
        return True

    async def _insert_chunks(self, documents: Sequence[Document]) -> None:
        if documents:
            await self._chunks.insert_many(documents, session=self._session)
            self._evidence.recorded(self._chunks, {"_id": documents[0]["_id"]})

    async def _show_rows(self, batch: StoredBatch) -> None:
        await self._chunks.update_many(
            {"batchId": ObjectId(batch.id), "rows": {"$exists": True}},
            {"$set": {"rows.timestamp": batch.created_at}},
            session=self._session,
        )

    async def _set_first_chunks(self, batch: StoredBatch, fields: Document) -> None:
        """Set fields of the first chunk in each lane; an update can read the database's clock."""
        await self._chunks.update_many(
            {"batchId": ObjectId(batch.id), "index": {"$lt": batch.lanes}},
            [{"$set": fields}],
            session=self._session,
        )

    async def _start_reservation(self, batch_id: str, seconds: float) -> None:
        await self._chunks.update_many(
            {"batchId": ObjectId(batch_id)},
            [{"$set": {"lease.expiresAt": until(seconds)}}],
            session=self._session,
        )


def _lease(reserved_by: str, now: datetime) -> Document:
    return {"token": reserved_by, "worker": "request", "reservedBy": reserved_by, "expiresAt": now}
