"""The end of a stored batch, after its last chunk or, if a process has died, by housekeeping."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from server.batches.engine.unapplied import CANCELLED_MESSAGE
from server.batches.stored.metrics import BatchAlert, batch_alerts
from server.domain.batch_progress import BatchProgress
from server.domain.batch_state import BatchState
from server.domain.item_error import ItemErrorCode
from server.domain.stored_batch import StoredBatch
from server.kinds.registry import KINDS, pending_row
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.closing import ChunkClosing, Closure
from server.mongo.batches.states import BatchStates
from server.mongo.transaction import TransactionRunner

log = logging.getLogger(__name__)

_FAILED_MESSAGE = "The batch failed before this item was begun. Nothing was changed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """Ends batches whose chunks are done. `clock` gives the times that are stored."""

    batches: BatchReads
    states: BatchStates
    runner: TransactionRunner
    closing: ChunkClosing
    clock: Callable[[], datetime]

    async def check(self, batch_id: str, run: StoredBatch | None = None) -> bool:
        """End the batch if all its chunks are done, and return whether it has ended.

        If it was cancelled or has failed, close the chunks that have not begun first. Several
        processes may do this at once: only the first changes anything. `run` is the batch as it was
        read before the chunk that is done now was run; without it, the batch is read.

        Raises:
            StoreError: the database did not answer; the housekeeping will try again.
        """
        batch = run or await self.batches.stored(batch_id)
        if batch is None:
            return True
        early_end = _early_end(batch)
        if early_end is not None:
            await self._close(batch, early_end)
        is_whole = run is not None and run.chunks == 1
        if not is_whole and await self.batches.has_chunks_left(batch_id):
            return False
        if early_end is not None and batch.was_submitted and batch.first_row is None:
            await self.closing.fail_rows(batch_id, batch.total_items, early_end)
        ended = await self.states.end(batch, _final(batch), self.clock())
        if ended is not None:
            log_end(ended)
            await self._raise_alerts(ended)
            return True
        return await self._has_ended(batch_id)

    async def _close(self, batch: StoredBatch, closure: Closure) -> None:
        """Close the chunks that have not begun; those with rows that wait, a few at a time."""
        await self.closing.close(batch.id, closure)
        if batch.first_row is not None:
            while await self.runner.run(
                lambda transaction: transaction.waiting_chunks.close_some(
                    batch.id, closure, pending_row
                )
            ):
                pass

    async def _has_ended(self, batch_id: str) -> bool:
        """Return whether another process ended the batch; if not, it was cancelled: check again."""
        batch = await self.batches.by_id(batch_id)
        return batch is None or batch.state.is_final or await self.check(batch_id)

    async def raise_alerts(self, batch_id: str) -> None:
        """Log the alerts of the batch, each of them once for all processes."""
        batch = await self.batches.by_id(batch_id)
        if batch is not None:
            await self._raise_alerts(batch)

    async def _raise_alerts(self, batch: BatchProgress) -> None:
        for alert in batch_alerts(batch, self.clock()):
            if await self.states.note_alert(batch.id, alert.kind.value):
                log_alert(batch.id, alert)


def log_end(batch: BatchProgress) -> None:
    """Log that the batch has ended, and with how many failures."""
    log.info(
        "Batch %s: %d succeeded, %d failed",
        batch.state.name,
        batch.success_count,
        batch.failure_count,
        extra=_log_fields(batch),
    )


def log_alert(batch_id: str, alert: BatchAlert) -> None:
    """Log an alert of the batch."""
    log.warning("%s: %s", alert.kind.value, alert.message, extra={"batch_id": batch_id})


def _early_end(batch: StoredBatch) -> Closure | None:
    """Return how items that have not begun fail; None if they are to run."""
    kind = KINDS[batch.kind]
    if batch.cancel_requested:
        return Closure(kind.argument, kind.id_field, ItemErrorCode.CANCELLED, CANCELLED_MESSAGE)
    if batch.failing is not None:
        return Closure(kind.argument, kind.id_field, ItemErrorCode.UNAVAILABLE, _FAILED_MESSAGE)
    return None


def _final(batch: StoredBatch) -> BatchState:
    if batch.cancel_requested:
        return BatchState.CANCELLED
    return BatchState.FAILED if batch.failing else BatchState.COMPLETED


def _log_fields(batch: BatchProgress) -> dict[str, object]:
    return {"batch_id": batch.id, "status": batch.state.value, "items": batch.total_items}
