"""Stored batches, their chunks, and the leases on chunks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import Struct

from server.domain.death import Death
from server.domain.file_form import FileForm
from server.domain.item_result import Input
from server.domain.options import BatchOptions

LEASE_SECONDS = 20.0  # by the database's clock; renewed four times before it runs out


def queued_as(kind: str, *, dry_run: bool) -> str:
    """Return the name under which the chunks of a batch wait in the queue.

    Workers of earlier versions know no such name for dry runs, and so leave their chunks alone.
    """
    return f"{kind}.dryRun" if dry_run else kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to run one chunk of a batch for a limited time.

    `token` is the fencing token, new with every claim: a chunk's transaction commits only with the
    chunk's current token.
    """

    batch_id: str
    index: int
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBatch:
    """A stored batch, with all that is needed to run its chunks.

    `kind` is the name of its `BatchKind`, and `settings` are the values of that kind's options.
    `lanes` is the number of chunks that may run side by side: chunk `i + lanes` follows chunk `i`
    in its lane, and every index is below `chunks`. `was_submitted`: the batch is applied in the
    background, and its stock updates have pending rows in the ledger; a dry run has none.
    `first_row` is the id of the row of its first item, from which those of the others count up;
    None if it has no pending rows, or stored ones, as 0.1.0 did. `publishes`: its successes are
    published. `is_refused`: a field is invalid, and the options say that then nothing may begin.
    `key` is the idempotency key, and `content` the hash of the request that it stands for.
    `failing` is the reason why the batch will be FAILED. `caller` is who submitted it, until it
    ends, where callers have limits. `trace` is where in a trace it was submitted, in the form of
    the header `traceparent`. `file` is the form of the file that its items came in.
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
    first_row: str | None = None
    publishes: bool = False
    is_refused: bool = False
    retry_of: str | None = None
    key: str | None = None
    content: str | None = None
    cancel_requested: bool = False
    failing: str | None = None
    caller: str | None = None
    trace: str | None = None
    file: FileForm | None = None

    def following(self, index: int) -> int | None:
        """Return the index of the chunk that waits for this one; None if none does."""
        following = index + self.lanes
        return following if following < self.chunks else None


class StoredItem(Struct, frozen=True, kw_only=True, gc=False):
    """An item of a stored batch, as it was sent; `index` is its place in the batch.

    `row` is its row in the file that it came in.
    """

    index: int
    input: Input
    row: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A chunk to be stored; `items` are in input order.

    `products` are the marks of the items' products, in the same order: see `mark_of`.
    """

    index: int
    items: Sequence[StoredItem]
    products: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedChunk:
    """A chunk that this process holds under a lease.

    `items` are those without an outcome so far. `attempts` counts how often it was given back
    because the database failed, and `crashes` how often its lease ran out since an item of it was
    last found at fault. `deaths` are those times of which its items are suspected; the
    worker may have been seen since. `after_failure`: an earlier chunk of its lane has a failure.
    `has_failures`: an item of this chunk has failed already.
    `left_open` are the ids of sessions of workers that lost the chunk; transactions may still be
    open in them.
    """

    lease: Lease
    items: Sequence[StoredItem]
    attempts: int
    crashes: int
    after_failure: bool
    has_failures: bool
    left_open: Sequence[Any] = ()
    deaths: Sequence[Death] = ()
