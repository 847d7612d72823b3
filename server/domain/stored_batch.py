"""A batch as it is stored to be run: by whom and when is somebody else's business."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.domain.item_result import Input
from server.domain.options import BatchOptions

LEASE_SECONDS = 20.0  # on the database's clock; renewed four times before it runs out


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to run one chunk of a batch for a time.

    `token` is new with every claim. It fences the chunk's transaction: only the holder of the
    current token can commit.
    """

    batch_id: str
    index: int
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBatch:
    """All that is needed to run a chunk of a stored batch.

    `kind` is the name of its `BatchKind`, and `settings` are the values of that kind's options.
    `lanes` is the number of chunks that may run side by side: chunk `i + lanes` follows chunk `i`
    in its lane, and every index is below `chunks`. `was_submitted`: the batch runs in the
    background, and its stock updates have pending rows in the ledger. `publishes`: its successes
    are published. `is_refused`: a field is invalid, and the options say that nothing may begin.
    `content` is the hash of the request that the idempotency key stands for. `failing` is the
    reason why the batch will be FAILED.
    """

    id: str
    kind: str
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
