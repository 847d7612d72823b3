"""The end of a stored batch: whoever does its last chunk says so, or a sweep after a crash."""

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
from server.kinds.registry import KINDS
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.closing import ChunkClosing
from server.mongo.batches.states import BatchStates

log = logging.getLogger(__name__)

_FAILED_MESSAGE = "The batch failed before this item was begun. Nothing was changed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """`clock` is for what is stored."""

    batches: BatchReads
    states: BatchStates
    closing: ChunkClosing
    clock: Callable[[], datetime]

    async def check(self, batch_id: str) -> bool:
        """End the batch if all its chunks are done, and close them if it goes no further.

        Doing it again, or at the same time as somebody else, changes nothing. Whether it has ended.

        Raises:
            StoreError: the database did not answer; the sweep will try again.
        """
        batch = await self.states.stored(batch_id)
        if batch is None:
            return True
        why = _ends_early(batch)
        if why is not None:
            kind = KINDS[batch.kind]
            await self.closing.close(batch_id, kind.argument, kind.id_field, *why)
        if await self.states.has_chunks_left(batch_id):
            return False
        if why is not None and batch.was_submitted:
            await self.closing.fail_rows(batch_id, batch.total_items, *why)
        if await self.states.end(batch, _final(batch), self.clock()):
            await self._tell(batch_id)
            return True
        return await self._has_ended(batch_id)

    async def _has_ended(self, batch_id: str) -> bool:
        """Somebody else has ended it; or has cancelled it meanwhile: then it is checked anew."""
        batch = await self.batches.by_id(batch_id)
        return batch is None or batch.state.is_final or await self.check(batch_id)

    async def watch(self, batch_id: str) -> None:
        """Log what somebody should look into, once for all processes."""
        batch = await self.batches.by_id(batch_id)
        for alert in batch_alerts(batch, self.clock()) if batch else []:
            if await self.states.note_alert(batch_id, alert.kind.value):
                _warn(batch_id, alert)

    async def _tell(self, batch_id: str) -> None:
        batch = await self.batches.by_id(batch_id)
        if batch is not None:
            log.info(
                "Batch %s: %d succeeded, %d failed",
                batch.state.name,
                batch.success_count,
                batch.failure_count,
                extra=_fields(batch),
            )
            await self.watch(batch_id)


def _ends_early(batch: StoredBatch) -> tuple[ItemErrorCode, str] | None:
    if batch.cancel_requested:
        return ItemErrorCode.CANCELLED, CANCELLED_MESSAGE
    if batch.failing is not None:
        return ItemErrorCode.UNAVAILABLE, _FAILED_MESSAGE
    return None


def _final(batch: StoredBatch) -> BatchState:
    if batch.cancel_requested:
        return BatchState.CANCELLED
    return BatchState.FAILED if batch.failing else BatchState.COMPLETED


def _warn(batch_id: str, alert: BatchAlert) -> None:
    log.warning("%s: %s", alert.kind.value, alert.message, extra={"batch_id": batch_id})


def _fields(batch: BatchProgress) -> dict[str, object]:
    return {"batch_id": batch.id, "status": batch.state.value, "items": batch.total_items}
