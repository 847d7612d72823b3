"""The use case: a batch is stored, to be run in the background."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from server.batches.allowance import Allowance, Charge
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
from server.domain.tracing import UNTRACED, Tracer
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.queue import ChunkQueue
from server.mongo.batches.removal import BatchRemoval
from server.mongo.batches.waiting.rows import new_first_row
from server.mongo.connection.document import new_id
from server.mongo.transaction import TransactionRunner

_BLOCK = 1_000  # items, about 20 ms of work


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The batch of a request. `replayed`: an earlier request had the same idempotency key."""

    batch: BatchProgress
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLimits:
    """The most items of one request, and the most chunks that may wait, of all batches together."""

    items: int = 100_000
    chunks: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCapacity:
    """The queue of chunks with its limits."""

    queue: ChunkQueue
    limits: QueueLimits

    def check_items(self, argument: str, count: int) -> None:
        """Refuse a request with too many items in the list `argument`.

        Raises:
            BatchTooLarge: there are more items than the limit.
        """
        if count > self.limits.items:
            raise BatchTooLarge(
                f"{argument} has {count} items: at most {self.limits.items} are allowed in one "
                "batch. Submit several batches."
            )

    async def check(self, submission: Submission) -> None:
        """Refuse a batch whose chunks the queue has no room for.

        Raises:
            BatchTooLarge: the batch alone has more chunks than may wait.
            QueueFull: too many chunks wait already.
        """
        limit, more = self.limits.chunks, submission.unstored_chunks
        if submission.chunks > limit:
            raise BatchTooLarge(
                f"The batch has {submission.chunks} chunks or more, and at most {limit} may wait "
                "to be run: choose a larger batchSize, or submit several batches."
            )
        waiting = await self.queue.length(limit + 1)
        if waiting + more > limit or waiting >= limit:
            raise QueueFull(
                f"{waiting} chunks wait to be run, and at most {limit} may: submit the batch again "
                "later."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Submissions:
    """Stores batches, each with its idempotency key if it has one.

    At most `waiting_batches` of one caller may wait or run; 0 is no limit. `publishes`: the server
    has a receiver to publish successes to. `on_stored` is called for every batch that was stored.
    """

    runner: TransactionRunner
    capacity: QueueCapacity
    batches: BatchReads
    removal: BatchRemoval
    keys: IdempotencyKeys
    allowance: Allowance
    clock: Callable[[], datetime]
    waiting_batches: int = 0
    publishes: bool = False
    tracer: Tracer = UNTRACED
    on_stored: Callable[[], None] = lambda: None
    in_flight: InFlight = field(default_factory=InFlight, init=False)

    async def submit(self, request: BatchRequest, inputs: Sequence[Input]) -> Submitted:
        """Store the batch. Once this returns, the batch survives the death of any process.

        Raises:
            BadInput: there are no items. BatchTooLarge: there are too many.
            QueueFull: too many chunks wait already. KeyReused, KeyInUse: see `IdempotencyKeys`.
            RateLimited: the caller has sent too many items, or too many of its batches wait.
            StoreError: the database did not take the batch. In all cases nothing is stored.
        """
        self.capacity.check_items(request.work.kind.argument, len(inputs))

        async def in_blocks() -> AsyncIterator[Sequence[Input]]:
            for start in range(0, len(inputs), _BLOCK):
                yield inputs[start : start + _BLOCK]
                await asyncio.sleep(0)  # let other tasks run in between

        return await self._submit(request, in_blocks(), len(inputs))

    async def submit_stream(
        self, request: BatchRequest, blocks: AsyncIterator[Sequence[Input]]
    ) -> Submitted:
        """Store a batch of any number of items, in flat memory.

        Raises:
            RequestError, StoreError: as `submit`.
        """
        return await self._submit(request, blocks, None)

    async def _submit(
        self, request: BatchRequest, blocks: AsyncIterator[Sequence[Input]], count: int | None
    ) -> Submitted:
        """Store a batch of `count` items, which are charged for as they come if it is None."""
        is_held = request.key is not None and await self.keys.is_held(
            request.created_by, request.key
        )
        content = Content(request, in_background=True)
        hashed = _hashed(blocks, content)
        if is_held:
            return await self._replay(request, content, hashed)
        async with self.allowance.charged(request.charged_to) as charge:
            if count is None:
                hashed = _charged(hashed, charge)
            else:
                await charge.add(count)
            submitted = await self._store_once(request, content, hashed)
            if submitted.replayed:
                await charge.give_back()
        return submitted

    async def _store_once(
        self, request: BatchRequest, content: Content, blocks: AsyncIterator[Sequence[Input]]
    ) -> Submitted:
        batch, limit = await self._new_batch(request), self.waiting_batches
        submission = Submission(
            self.runner, self.removal, request.work, batch, content, waiting_batches=limit
        )
        try:
            async with lease_renewed(submission.renew):
                stored = await self._store(submission, request, blocks)
        except DuplicateKey:  # another request with the key was faster
            return await self._replay(request, content, blocks)
        except BaseException:
            if submission.is_staged:
                await self.in_flight.finish(self._remove(submission))
            raise
        self.on_stored()
        return Submitted(batch=stored)

    async def _store(
        self,
        submission: Submission,
        request: BatchRequest,
        blocks: AsyncIterator[Sequence[Input]],
    ) -> BatchProgress:
        async for block in blocks:
            if submission.add(block):
                await self.capacity.check(submission)
                await submission.flush()
        if not submission.total_items:
            raise BadInput(
                f"{submission.work.kind.argument} is empty: a batch has one item or more."
            )
        submission.end(request.file())
        await self.capacity.check(submission)
        await self.in_flight.finish(submission.finish())
        return submission.progress()

    async def _remove(self, submission: Submission) -> None:
        """Remove what was staged, unless the batch has started after all.

        It has if the last commit took effect although its answer was lost. What the database does
        not let this remove, the housekeeping will.
        """
        with suppress(StoreError):
            await submission.settle()
        with suppress(StoreError):
            if await self.removal.discard(submission.batch.id):
                await self.removal.remove(submission.batch.id)

    async def _replay(
        self, request: BatchRequest, content: Content, blocks: AsyncIterator[Sequence[Input]]
    ) -> Submitted:
        """Return the batch that holds the key already, if its content is the same."""
        if request.key is None:
            raise AssertionError("only a request with a key can be a repetition")
        async for _ in blocks:
            pass  # reads the items on, which adds them to the content
        holder, _ = await self.keys.holder(request.created_by, request.key, content)
        found = await self.batches.by_id(holder.id)
        if found is None:
            raise in_use()
        return Submitted(batch=found, replayed=True)

    async def _new_batch(self, request: BatchRequest) -> StoredBatch:
        caller = request.charged_to if self.waiting_batches else None
        if caller is not None:
            await self.allowance.callers.note(caller)
        created_at, kind, is_dry = self.clock(), request.work.kind, request.options.dry_run
        has_rows = kind.pending_row is not None and not is_dry
        return StoredBatch(
            id=new_id(),
            kind=kind.name,
            settings=request.work.settings,
            options=request.options,
            lanes=1,
            chunks=0,
            total_items=0,
            created_by=request.created_by,
            created_at=created_at,
            was_submitted=not is_dry,
            first_row=new_first_row(created_at) if has_rows else None,
            publishes=kind.is_published and self.publishes and not is_dry,
            retry_of=request.retry_of,
            key=request.key,
            caller=caller,
            trace=self.tracer.traceparent(),
        )


async def _charged(
    blocks: AsyncIterator[Sequence[Input]], charge: Charge
) -> AsyncIterator[Sequence[Input]]:
    """Yield the blocks, and charge for each on the way."""
    async for block in blocks:
        await charge.add(len(block))
        yield block


async def _hashed(
    blocks: AsyncIterator[Sequence[Input]], content: Content
) -> AsyncIterator[Sequence[Input]]:
    """Yield the blocks, and add each to the content on the way."""
    async for block in blocks:
        await content.add_in_turns(block)
        yield block
