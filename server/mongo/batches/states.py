"""The states of stored batches: the only code that writes `batchOperations.status`."""

from collections.abc import Sequence
from datetime import datetime

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.read_concern import ReadConcern

from server.domain.batch_progress import BatchProgress
from server.domain.batch_state import FINAL, INITIAL, UNFINISHED, BatchState, predecessors
from server.domain.stored_batch import StoredBatch
from server.mongo.batches.batch_reads import sums_of_chunks
from server.mongo.batches.documents import from_batch, to_batch_progress, to_stored_batch
from server.mongo.connection.document import Document
from server.mongo.connection.driver import Database, Session
from server.mongo.connection.errors import translated

_UNFINISHED = [state.value for state in UNFINISHED]
_FINAL = [state.value for state in FINAL]


class StateChanges:
    """Every change of a batch's state, guarded by the table in `server.domain.batch_state`.

    With a `session`, the changes belong to its transaction. The driver's errors pass through.
    """

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._batches = database["batchOperations"]
        self._session = session

    async def insert(self, batch: StoredBatch, state: BatchState) -> None:
        """Insert the batch in its first state."""
        if state not in INITIAL:
            raise ValueError(f"no batch begins as {state.name}")
        await self._batches.insert_one(from_batch(batch, state), session=self._session)

    async def insert_completed(self, batch: StoredBatch, fields: Document) -> None:
        """Insert the batch when all its work is done, with the `fields` that its life would set.

        Nobody can see an earlier state of it: it is inserted in the transaction of its only chunk.
        """
        document = from_batch(batch, BatchState.COMPLETED) | fields
        await self._batches.insert_one(document, session=self._session)

    async def change(
        self,
        batch_id: str,
        state: BatchState,
        fields: Document | None = None,
        *,
        condition: Document | None = None,
        removed: Sequence[str] = (),
    ) -> bool:
        """Bring the batch into `state` with one command, and return whether it was allowed.

        It is if the batch is in a state that may precede the new one, and meets `condition`. Then
        `fields` are set and the fields named in `removed` are removed as well.
        """
        update: Document = {"$set": {"status": state.value, **(fields or {})}}
        if removed:
            update["$unset"] = dict.fromkeys(removed, "")
        result = await self._batches.update_one(
            _may_become(state, batch_id) | (condition or {}), update, session=self._session
        )
        return bool(result.matched_count)

    async def changed(
        self, batch_id: str, state: BatchState, fields: Document, *, condition: Document
    ) -> Document | None:
        """Do as `change`, and return the batch as it is then; None if it was not allowed.

        The batch ends, so it no longer counts as one of its caller's.
        """
        return await self._batches.find_one_and_update(
            _may_become(state, batch_id) | condition,
            {"$set": {"status": state.value, **fields}, "$unset": {"caller": ""}},
            return_document=ReturnDocument.AFTER,
            session=self._session,
        )


def _may_become(state: BatchState, batch_id: str) -> Document:
    allowed = [earlier.value for earlier in predecessors(state)]
    return {"_id": ObjectId(batch_id), "status": {"$in": allowed}}


class BatchStates:
    """The life of a batch once it is stored: it begins, may be cancelled or fail, and ends."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changes = StateChanges(database)
        self._batches = database["batchOperations"]
        self._current = self._batches.with_options(read_concern=ReadConcern("local"))

    async def begin(self, batch_id: str, now: datetime, session: Session) -> StoredBatch | None:
        """Return the batch, which is PROCESSING from now on; None if it has ended or is gone.

        `session` is the claim's: a claim may see a chunk before a majority has it, and this read
        must see its batch then.
        """
        with translated():
            document = await self._current.find_one({"_id": ObjectId(batch_id)}, session=session)
            if document is None or document["status"] in _FINAL:
                return None
            if document["status"] == BatchState.PENDING.value:
                await self._changes.change(batch_id, BatchState.PROCESSING, {"startedAt": now})
            return to_stored_batch(document)

    async def end(
        self, batch: StoredBatch, state: BatchState, now: datetime
    ) -> BatchProgress | None:
        """End a batch whose chunks are all done, and return how it ended.

        Return None if this call did not end it: it has ended already, or it was cancelled or failed
        after `batch` was read, and the caller has to read it again. A batch that is still PENDING
        becomes PROCESSING first, unless it was cancelled.
        """
        with translated():
            own_id = ObjectId(batch.id)
            sums = (await sums_of_chunks(self._database, [own_id]))[own_id]
            fields: Document = {
                "completedAt": now,
                "successCount": sums["success"],
                "failureCount": sums["failure"],
            }
            if batch.failing is not None:
                fields["error"] = batch.failing
            as_read = {"cancelRequested": batch.cancel_requested, "failing": batch.failing}
            ended = await self._changes.changed(batch.id, state, fields, condition=as_read)
            if ended is None and state is not BatchState.CANCELLED:
                begun = {"startedAt": now}
                if await self._changes.change(batch.id, BatchState.PROCESSING, begun):
                    ended = await self._changes.changed(batch.id, state, fields, condition=as_read)
            return to_batch_progress(ended, sums if batch.publishes else None) if ended else None

    async def request_cancel(self, batch_id: str) -> bool:
        """Let no other chunk of the batch begin, and return False if it has ended already."""
        with translated():
            result = await self._batches.update_one(
                {"_id": ObjectId(batch_id), "status": {"$in": _UNFINISHED}},
                {"$set": {"cancelRequested": True}},
            )
        return bool(result.matched_count)

    async def note_failure(self, batch_id: str, error: str) -> None:
        """Record why the batch will be FAILED once its chunks are closed."""
        with translated():
            await self._batches.update_one(
                {"_id": ObjectId(batch_id), "status": {"$in": _UNFINISHED}},
                {"$set": {"failing": error}},
            )

    async def note_alert(self, batch_id: str, kind: str) -> bool:
        """Record an alert and return whether it is new, so that only one process logs it."""
        with translated():
            result = await self._batches.update_one(
                {"_id": ObjectId(batch_id), "alerts": {"$ne": kind}}, {"$push": {"alerts": kind}}
            )
        return bool(result.modified_count)
