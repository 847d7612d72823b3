"""The use case: a batch with an idempotency key, whose caller waits for it.

The batch is stored before it is begun, and then its request claims and runs its chunks. If the
process dies, a worker or the same request sent again finishes the batch. Nothing is done twice,
because the outcomes of each chunk commit with its effects.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import count
from uuid import uuid4

from server.batches.engine.limits import Limits
from server.batches.idempotency.content import Content
from server.batches.idempotency.keys import LOOK_AGAIN_SECONDS, IdempotencyKeys, in_use
from server.batches.request import BatchRequest
from server.batches.stored.claimed_chunks import ClaimedChunks, Hindered
from server.batches.stored.completion import Completion
from server.batches.stored.layout import chunks_of_request
from server.batches.stored.lease_keeper import lease_renewed
from server.domain.errors import DuplicateKey, StoreError
from server.domain.item_result import Input
from server.domain.outcome import Outcome
from server.domain.stored_batch import Chunk, StoredBatch
from server.mongo.batches.results import BatchResults
from server.mongo.batches.stored_batches import Reservation
from server.mongo.connection.document import new_id
from server.mongo.transaction import Transaction, TransactionRunner

_CONCURRENCY = 4  # chunks of one request that run at a time
_LONGEST_PAUSE_SECONDS = 0.5  # between two checks of a batch whose chunks other processes run


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedAnswer:
    """The outcomes in input order. `replayed`: an earlier request had the key."""

    outcomes: Sequence[Outcome]
    replayed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedBatches:
    """Runs batches that have a key while their callers wait."""

    limits: Limits
    runner: TransactionRunner
    chunks: ClaimedChunks
    completion: Completion
    results: BatchResults
    keys: IdempotencyKeys
    clock: Callable[[], datetime]

    async def run(self, request: BatchRequest, inputs: Sequence[Input]) -> KeyedAnswer:
        """Run the batch, or finish it, or return its first answer again.

        Raises:
            BatchTooLarge: there are more items than the limit; nothing was done.
            KeyReused: another request has the key. KeyInUse: the first request has not ended.
            StoreError: the database kept the batch from ending; if the request is sent again, it
                goes on where it stopped.
        """
        self.limits.check(request.work.kind.argument, len(inputs), request.options)
        if request.key is None:
            raise AssertionError("a keyed batch has a key")
        content = Content(request, in_background=False)
        content.add(inputs)
        await self.keys.is_held(request.created_by, request.key)  # frees a key that is too old
        batch, chunks = self._new(request, inputs, content.digest())
        reservation = Reservation(uuid4().hex, self.chunks.queue.lease_seconds)

        async def store(transaction: Transaction) -> None:
            await transaction.stored_batches.insert(
                batch, chunks, [], objects=request.work.kind.objects, reserved=reservation
            )

        try:
            await self.runner.run(store)
        except DuplicateKey:
            batch = await self.keys.holder(request.created_by, request.key, content)
            return KeyedAnswer(outcomes=await self._finish(batch, None), replayed=True)
        renew = partial(self.chunks.queue.renew_reserved, batch.id, reservation.by)
        async with lease_renewed(renew, lease_seconds=reservation.seconds):
            outcomes = await self._finish(batch, reservation.by)
        return KeyedAnswer(outcomes=outcomes, replayed=False)

    def _new(
        self, request: BatchRequest, inputs: Sequence[Input], content: str
    ) -> tuple[StoredBatch, Sequence[Chunk]]:
        work, options = request.work, request.options
        items = work.items(inputs)
        chunks, lanes = chunks_of_request(items, inputs, options)
        is_refused = options.ends_at_failure and options.validate_before_write
        batch = StoredBatch(
            id=new_id(),
            kind=work.kind.name,
            settings=work.settings,
            options=options,
            lanes=lanes,
            chunks=len(chunks),
            total_items=len(inputs),
            created_by=request.created_by,
            created_at=self.clock(),
            was_submitted=False,
            is_refused=is_refused and any(item.errors for item in items),
            key=request.key,
            content=content,
        )
        return batch, chunks

    async def _finish(self, batch: StoredBatch, reservation: str | None) -> Sequence[Outcome]:
        """Run the chunks that can be claimed, wait for the others, and return all outcomes.

        Raises:
            KeyInUse: another process still holds chunks of the batch when the patience ends.
            StoreError: the database kept a chunk from ending.
        """
        until = time.monotonic() + self.keys.patience_seconds
        concurrency = _CONCURRENCY if reservation else 1
        for attempt in count():
            errors = await asyncio.gather(
                *(self._run_chunks(batch, reservation) for _ in range(concurrency))
            )
            if await self.completion.check(batch.id):
                return [result.outcome async for result in self.results.stream(batch.id)]
            for error in errors:
                if error is not None:
                    raise error
            if time.monotonic() > until:
                raise in_use()
            await asyncio.sleep(min(LOOK_AGAIN_SECONDS * 1.5**attempt, _LONGEST_PAUSE_SECONDS))
        raise AssertionError("count() does not end")

    async def _run_chunks(self, batch: StoredBatch, reservation: str | None) -> StoreError | None:
        """Run chunks of the batch until none can be claimed; return the error that ended one."""
        while True:
            try:
                run = await self.chunks.run_next(
                    "request", batch_id=batch.id, reserved_by=reservation
                )
            except StoreError as error:
                return error
            if run is None:
                return None
            if isinstance(run.end, Hindered):
                return run.end.error
