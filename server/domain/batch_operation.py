"""A batch that is stored: one that runs in the background, or one with an idempotency key."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from server.domain.outcome import BatchOutcome


class BatchOperationType(Enum):
    UPDATE_STOCK = "updateStock"
    DISCONTINUE_PRODUCTS = "discontinueProducts"
    UPDATE_PRICE = "updatePrice"
    CREATE_PRODUCTS = "createProducts"
    UPDATE_PRODUCTS = "updateProducts"
    DELETE_PRODUCTS = "deleteProducts"


class BatchOperationStatus(Enum):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return not TRANSITIONS[self]


# Design §5. A batch that ends before anybody has seen it processing has been processing.
TRANSITIONS: Mapping[BatchOperationStatus, Set[BatchOperationStatus]] = {
    BatchOperationStatus.PENDING: {
        BatchOperationStatus.PROCESSING,
        BatchOperationStatus.CANCELLED,
    },
    BatchOperationStatus.PROCESSING: {
        BatchOperationStatus.COMPLETED,
        BatchOperationStatus.FAILED,
        BatchOperationStatus.CANCELLED,
    },
    BatchOperationStatus.COMPLETED: frozenset(),
    BatchOperationStatus.FAILED: frozenset(),
    BatchOperationStatus.CANCELLED: frozenset(),
}


def before(status: BatchOperationStatus) -> list[BatchOperationStatus]:
    """From which a batch may become `status`."""
    return [one for one, following in TRANSITIONS.items() if status in following]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationProgress:
    """How many successful items are still to be published, were, and could not be."""

    pending: int
    published: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOperation:
    """What is known of a batch at one moment; the counts are those of its chunks.

    `publication` is None where nothing is published. `error` says why the batch FAILED.
    """

    id: str
    operation_type: BatchOperationType
    status: BatchOperationStatus
    total_items: int
    success_count: int
    failure_count: int
    created_by: str
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    error: str | None
    retry_of: str | None
    publication: PublicationProgress | None

    @property
    def processed_items(self) -> int:
        return self.success_count + self.failure_count

    def precedes(self, other: "BatchOperation") -> bool:
        """Whether this is the same batch at an earlier moment: no count and no status goes back."""
        if self.status.is_final:
            return False
        return (
            self.processed_items < other.processed_items
            or other.status.is_final
            or other.status in TRANSITIONS[self.status]
        )

    @property
    def outcome(self) -> BatchOutcome | None:
        """How much of it succeeded; None until it has ended."""
        if not self.status.is_final:
            return None
        if not self.failure_count:
            return BatchOutcome.ALL
        return BatchOutcome.PARTIAL if self.success_count else BatchOutcome.NONE
