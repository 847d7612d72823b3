"""The states of a stored batch, and the transitions between them."""

from collections.abc import Mapping, Set
from enum import Enum


class BatchState(Enum):
    """Where a stored batch stands; the value is what `batchOperations.status` holds."""

    SUBMITTING = "submitting"  # its chunks are being stored; callers do not see it
    ABANDONED = "abandoned"  # never began, and will be removed; callers do not see it
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Return whether a batch in this state has ended."""
        return self in FINAL


INITIAL = (BatchState.SUBMITTING, BatchState.PENDING)
FINAL = (BatchState.COMPLETED, BatchState.FAILED, BatchState.CANCELLED)
UNFINISHED = (BatchState.PENDING, BatchState.PROCESSING)
HIDDEN = (BatchState.SUBMITTING, BatchState.ABANDONED)
VISIBLE = (*UNFINISHED, *FINAL)

# Even a batch that is COMPLETED or FAILED before any chunk has run passes through PROCESSING.
TRANSITIONS: Mapping[BatchState, Set[BatchState]] = {
    BatchState.SUBMITTING: {BatchState.PENDING, BatchState.ABANDONED},
    BatchState.ABANDONED: frozenset(),
    BatchState.PENDING: {BatchState.PROCESSING, BatchState.CANCELLED},
    BatchState.PROCESSING: set(FINAL),
    BatchState.COMPLETED: frozenset(),
    BatchState.FAILED: frozenset(),
    BatchState.CANCELLED: frozenset(),
}


def predecessors(state: BatchState) -> list[BatchState]:
    """Return the states from which a batch may go to `state`."""
    return [earlier for earlier, later in TRANSITIONS.items() if state in later]
