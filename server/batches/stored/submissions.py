"""The use case: a batch is stored, to be run in the background."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from server.batches.engine.in_flight import InFlight
from server.batches.idempotency.content import Content
from server.batches.idempotency.keys import IdempotencyKeys, in_use
from server.batches.request import BatchRequest
from server.batches.stored.lease_keeper import lease_renewed
from server.batches.stored.submission import Submission
from server.domain.batch_progress import BatchProgress
from server.domain.errors import BadInput, BatchTooLarge, DuplicateKey, QueueFull, StoreError
from server.domain.item_result import Input
from server.domain.stored_batch import StoredBatch
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.queue import ChunkQueue
from server.mongo.batches.removal import BatchRemoval
from server.mongo.connection.document import new_id
from server.mongo.transaction import TransactionRunner

_BLOCK = 1_000  # items, about 20 ms of work


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """`replayed`: the batch of an earlier request with the same idempotency key."""

    batch: BatchProgress
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLimits:
    """How many items one request may have, and how many chunks may wait in all."""

    items: int = 100_000
    chunks: int = 10_000


class Submissions:
    def __init__(  # noqa: PLR0913 - what it works with
        self,
        runner: TransactionRunner,
        queue: ChunkQueue,
        batches: BatchReads,
        removal: BatchRemoval,
        keys: IdempotencyKeys,
        limits: QueueLimits,
        *,
        clock: Callable[[], datetime],
        publishes: bool = False,
        on_stored: Callable[[], None] = lambda: None,
    ) -> None:
        """`publishes`: there is a receiver of prices. `on_stored` is told of every batch."""
        self._runner = runner
        self._queue = queue
        self._batches = batches
        self._removal = removal
        self._keys = keys
        self._limits = limits
        self._clock = clock
        self._publishes = publishes
        self._on_stored = on_stored
        self._finishing = InFlight()
        self._cleaning = InFlight()

    async def submit(self, request: BatchRequest, inputs: Sequence[Input]) -> Submitted:
        """Store the batch; once this returns, it survives whatever dies.

        Raises:
            BadInput: there are no items. BatchTooLarge: there are too many.
            QueueFull: too much waits already. KeyReused, KeyInUse: see `Keys`.
            StoreError: the database did not take it. In all cases nothing is stored.
        """
        if len(inputs) > self._limits.items:
            raise BatchTooLarge(
                f"{request.work.kind.argument} has {len(inputs)} items: at most "
                f"{self._limits.items} are allowed in one batch. Submit several batches."
            )

        async def in_blocks() -> AsyncIterator[Sequence[Input]]:
            for start in range(0, len(inputs), _BLOCK):
                yield inputs[start : start + _BLOCK]
                await asyncio.sleep(0)  # let others get on meanwhile

        return await self.submit_stream(request, in_blocks())

    async def submit_stream(
        self, request: BatchRequest, blocks: AsyncIterator[Sequence[Input]]
    ) -> Submitted:
        """As `submit`, for any number of items, in flat memory."""
        is_there = False
        if request.key is not None:
            is_there = await self._keys.is_held(request.created_by, request.key)
        content = Content(request, in_background=True)
        hashed = _hashed(blocks, content)
        submission = Submission(
            self._runner, self._removal, request.work, self._new(request), content
        )
        try:
            if is_there:
                return await self._replay(request, content, hashed)
            async with lease_renewed(submission.keep):
                batch = await self._store(submission, hashed)
        except DuplicateKey:
            return await self._replay(request, content, hashed)
        except BaseException:
            if submission.is_staged:
                await self._cleaning.finish(self._remove(submission))
            raise
        self._on_stored()
        return Submitted(batch=batch)

    async def _store(
        self, submission: Submission, blocks: AsyncIterator[Sequence[Input]]
    ) -> BatchProgress:
        await self._check_queue(submission)
        async for block in blocks:
            if submission.add(block):
                await self._check_queue(submission)
                await submission.flush()
        if not submission.total_items:
            raise BadInput(
                f"{submission.work.kind.argument} is empty: a batch has one item or more."
            )
        submission.end()
        await self._check_queue(submission)
        await self._finishing.finish(submission.finish())
        return submission.as_operation()

    async def _remove(self, submission: Submission) -> None:
        """Unless it runs: its last commit may have taken effect, though nobody was told.

        What cannot be removed now, the housekeeping will.
        """
        with suppress(StoreError):
            await submission.settle()
        with suppress(StoreError):
            if await self._removal.discard(submission.batch.id):
                await self._removal.remove(submission.batch.id)

    async def _check_queue(self, submission: Submission) -> None:
        limit, more = self._limits.chunks, submission.chunks_to_come
        if submission.chunks > limit:
            raise BatchTooLarge(
                f"The batch has {submission.chunks} chunks or more, and at most {limit} may wait "
                "to be run: choose a larger batchSize, or submit several batches."
            )
        waiting = await self._queue.length(limit + 1)
        if waiting + more > limit or waiting >= limit:
            raise QueueFull(
                f"{waiting} chunks wait to be run, and at most {limit} may: submit the batch again "
                "later."
            )

    async def _replay(
        self, request: BatchRequest, content: Content, blocks: AsyncIterator[Sequence[Input]]
    ) -> Submitted:
        if request.key is None:
            raise AssertionError("only a key can be there already")
        async for _ in blocks:
            pass  # the rest of the content
        holder = await self._keys.holder(request.created_by, request.key, content)
        found = await self._batches.by_id(holder.id)
        if found is None:
            raise in_use()
        return Submitted(batch=found, replayed=True)

    def _new(self, request: BatchRequest) -> StoredBatch:
        return StoredBatch(
            id=new_id(),
            kind=request.work.kind.name,
            settings=request.work.settings,
            options=request.options,
            lanes=1,
            chunks=0,
            total_items=0,
            created_by=request.created_by,
            created_at=self._clock(),
            was_submitted=True,
            publishes=request.work.kind.is_published and self._publishes,
            retry_of=request.retry_of,
            key=request.key,
        )


async def _hashed(
    blocks: AsyncIterator[Sequence[Input]], content: Content
) -> AsyncIterator[Sequence[Input]]:
    async for block in blocks:
        content.add(block)
        yield block
