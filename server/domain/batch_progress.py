"""A stored batch as a caller sees it: its state, its counts and its times."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from server.domain.batch_state import TRANSITIONS, BatchState
from server.domain.file_form import FileForm
from server.domain.options import BatchOptions
from server.domain.outcome import BatchOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationProgress:
    """How many successful items wait to be published, were published, and could not be."""

    pending: int
    published: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchProgress:
    """What is known of a stored batch at one moment; its counts are the sums over its chunks.

    `kind` is the name of its `BatchKind`. `publication` is None if the batch publishes nothing.
    `error` says why the batch FAILED. `dry_run`: it shows what would come of its items, and changes
    nothing. `options` and `settings` are those that it runs with. `file` is the form of the file
    that its items came in.
    """

    id: str
    kind: str
    state: BatchState
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
    dry_run: bool = False
    options: BatchOptions = field(default_factory=BatchOptions)
    settings: Mapping[str, Any] = field(default_factory=dict)
    file: FileForm | None = None

    @property
    def processed_items(self) -> int:
        """Return how many items have an outcome."""
        return self.success_count + self.failure_count

    def precedes(self, other: "BatchProgress") -> bool:
        """Return whether this is an earlier moment of the batch than `other`.

        A batch's counts never shrink, and its state follows `TRANSITIONS`.
        """
        if self.state.is_final:
            return False
        return (
            self.processed_items < other.processed_items
            or other.state.is_final
            or other.state in TRANSITIONS[self.state]
        )

    @property
    def outcome(self) -> BatchOutcome | None:
        """Return how much of the batch succeeded; None until it has ended."""
        if not self.state.is_final:
            return None
        if not self.failure_count:
            return BatchOutcome.ALL
        return BatchOutcome.PARTIAL if self.success_count else BatchOutcome.NONE
