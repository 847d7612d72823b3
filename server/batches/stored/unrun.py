"""Outcomes of a stored chunk's items that are settled without running them."""

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


def settled_without_running(
    batch: StoredBatch, chunk: ClaimedChunk, argument: str, items: Sequence[Item]
) -> Sequence[Failed] | None:
    """Return the outcomes of a chunk that is not to be run; None if it is to be run."""
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
    """Fail items that crashed every process that ran them."""
    error_id = uuid4().hex
    log.error(
        "Items are given up: every process that ran them crashed",
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
