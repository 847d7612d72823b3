"""A batch as it is stored to be run: by whom and when is somebody else's business."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.domain.batch_operation import BatchOperationType
from server.domain.item_result import Input
from server.domain.lease import Lease
from server.domain.options import BatchOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBatch:
    """All that a worker must know to run a chunk of it.

    `settings` are the operation's own, such as the new price. `lanes` is how many chunks may run
    side by side: the one behind chunk `i` in its lane is `i + lanes`, and all are below `chunks`.
    `was_submitted`: it runs in the background, and its stock updates have their rows already.
    `publishes`: successes are to be told to the receiver of prices. `is_refused`: a field of it is
    bad, and it was not to be begun. `content` is what the key stands for: a hash of the request.
    `failing` is why the batch will be FAILED.
    """

    id: str
    operation_type: BatchOperationType
    settings: Mapping[str, Any]
    options: BatchOptions
    lanes: int
    chunks: int
    total_items: int
    created_by: str
    created_at: datetime
    was_submitted: bool
    publishes: bool = False
    is_refused: bool = False
    retry_of: str | None = None
    key: str | None = None
    content: str | None = None
    cancel_requested: bool = False
    failing: str | None = None

    def following(self, index: int) -> int | None:
        """The chunk that waits for this one; None if none does."""
        after = index + self.lanes
        return after if after < self.chunks else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredItem:
    index: int
    input: Input


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A chunk to be stored; `items` are in input order."""

    index: int
    items: Sequence[StoredItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedChunk:
    """A chunk that is ours for a time.

    `items` are those that have no outcome yet, `size` is how many it had at the beginning.
    `attempts` is how often it was given back because the database failed, `crashes` how often its
    lease ran out. `after_failure`: the batch ended at a chunk before this one; `has_failures`: an
    item of this one has failed already. `left_open` names
    the sessions of those who lost it, in which transactions may still be open.
    """

    lease: Lease
    items: Sequence[StoredItem]
    size: int
    attempts: int
    crashes: int
    after_failure: bool
    has_failures: bool
    left_open: Sequence[Any] = ()
