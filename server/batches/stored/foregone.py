"""What becomes of the items of a stored chunk without their being tried."""

import logging
from collections.abc import Sequence
from uuid import uuid4

from server.batches.engine.failures import fail_all
from server.batches.engine.unapplied import cancelled, not_attempted, refused
from server.batches.stored.retry_decision import MOST_ATTEMPTS
from server.domain.errors import DatabaseUnavailable, WriteConflict
from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed, failed
from server.domain.stored_batch import ClaimedChunk, StoredBatch
from server.kinds.kind import Item

log = logging.getLogger(__name__)

_CRASHED = (
    "Whatever ran this item did not come to its end, time after time. It was not applied. "
    "(Error {error_id})"
)


def foregone(
    batch: StoredBatch,
    chunk: ClaimedChunk,
    argument: str,
    items: Sequence[Item],
) -> Sequence[Failed] | None:
    """What is settled without trying; None if the chunk is to be run."""
    if batch.cancel_requested:
        return cancelled(items, argument)
    if batch.is_refused:
        return refused(items, argument)
    if batch.failing is not None:
        return fail_all(items, argument, DatabaseUnavailable(batch.failing), "")
    if chunk.attempts >= MOST_ATTEMPTS:
        return fail_all(items, argument, WriteConflict("attempts used up"), "")
    has_failed = chunk.after_failure or chunk.has_failures
    if has_failed and batch.options.ends_at_failure:
        return not_attempted(items, argument)
    return None


def crashed(items: Sequence[Item], argument: str) -> Sequence[Failed]:
    """They, alone or all together, have ended whatever ran them, time after time."""
    error_id = uuid4().hex
    log.error(
        "Items are given up that ended whatever ran them",
        extra={"error_id": error_id, "items": [item.index for item in items]},
    )
    return [
        failed(
            item,
            ItemError(
                code=ItemErrorCode.INTERNAL,
                message=_CRASHED.format(error_id=error_id),
                path=(argument, str(item.index)),
            ),
        )
        for item in items
    ]
