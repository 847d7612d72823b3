"""Outcomes of a stored chunk that is not to be run any more."""

from collections.abc import Sequence

from server.batches.engine.failures import fail_all
from server.batches.engine.unapplied import cancelled, not_attempted, refused
from server.batches.stored.retry_decision import MOST_ATTEMPTS
from server.domain.errors import DatabaseUnavailable, WriteConflict
from server.domain.outcome import Failed
from server.domain.stored_batch import ClaimedChunk, StoredBatch
from server.kinds.kind import Item


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
