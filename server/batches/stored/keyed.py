"""The use case: a batch with an idempotency key, whose caller waits for it.

A batch of one chunk is stored with its outcomes in the transaction of its effects. Any other is
stored before it is begun, and then its request claims and runs its chunks. If the process dies, a
worker or the same request sent again finishes what is stored. Nothing is done twice, because the
outcomes of each chunk commit with its effects, and because one batch at most has the key.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import count
from uuid import uuid4

from server.batches.engine.limits import Limits
from server.batches.idempotency.content import Content
from server.batches.idempotency.key import QuotedKey
from server.batches.idempotency.keys import LOOK_AGAIN_SECONDS, IdempotencyKeys, in_use
from server.batches.idempotency.under_way import KeysUnderWay
from server.batches.request import BatchRequest
from server.batches.stored.claimed_chunks import ClaimedChunks, Hindered
from server.batches.stored.completion import Completion
from server.batches.stored.layout import chunks_of_request
from server.batches.stored.lease_keeper import lease_renewed
from server.batches.stored.single_chunk import SingleChunk
from server.domain.errors import (
    CommitUnknown,
    DatabaseUnavailable,
    DuplicateKey,
    KeyTaken,
    StoreError,
    WriteConflict,
)
from server.domain.item_result import Input
from server.domain.outcome import Outcome
from server.domain.stored_batch import Chunk, StoredBatch
from server.kinds.kind import Item
from server.kinds.registry import KINDS
from server.mongo.batches.results import BatchResults
from server.mongo.batches.stored_batches import Reservation
from server.mongo.connection.document import new_id
from server.mongo.transaction import Transaction, TransactionRunner

log = logging.getLogger(__name__)

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
    single: SingleChunk
    process: str  # whose signs of life show whether it died in a chunk
    clock: Callable[[], datetime]
    under_way: KeysUnderWay = field(default_factory=KeysUnderWay)

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
        await content.add_in_turns(inputs)
        items = await request.work.items(inputs)
        batch, chunks = self._new(request, items, inputs, content.digest())
        if len(chunks) == 1 and not (batch.is_refused or batch.options.dry_run):
            answer = await self._at_once(batch, chunks[0], items, content)
            if answer is not None:
                return answer
        return await self._stored_first(batch, chunks, content)

    async def _at_once(
        self, batch: StoredBatch, chunk: Chunk, items: Sequence[Item], content: Content
    ) -> KeyedAnswer | None:
        """Run the batch and store it, in one transaction; return None if that is not possible.

        Raises:
            KeyInUse: an earlier request with the key has not ended when the patience ends.
            WriteConflict, DatabaseUnavailable: nothing is stored, and nothing was done.
            CommitUnknown: it may be stored; if it is, its key replays the answer.
        """
        holder = (batch.created_by, batch.key or "")
        until = time.monotonic() + self.keys.patience_seconds
        has_waited = await self.under_way.wait(holder, self.keys.patience_seconds)
        may_be_held = has_waited or isinstance(batch.key, QuotedKey)
        if may_be_held and await self.keys.is_held(*holder):
            return await self._replayed(holder, content)
        with self.under_way.noted(holder):
            for attempt in count():
                try:
                    outcomes = await self.single.run(batch, chunk, items)
                    return KeyedAnswer(outcomes=outcomes, replayed=False)
                except KeyTaken:
                    if await self.keys.is_held(*holder):
                        break
                except (WriteConflict, DatabaseUnavailable, CommitUnknown):
                    raise
                except Exception as error:  # noqa: BLE001 - whatever it is, an item may cause it
                    log.info("A keyed batch is stored before it runs, to find the fault: %s", error)
                    return None
                if attempt and time.monotonic() > until:
                    raise in_use()
                await asyncio.sleep(LOOK_AGAIN_SECONDS if attempt else 0)
        return await self._replayed(holder, content)

    async def _stored_first(
        self, batch: StoredBatch, chunks: Sequence[Chunk], content: Content
    ) -> KeyedAnswer:
        """Store the batch, and then run its chunks; or finish the batch that has the key."""
        holder = (batch.created_by, batch.key or "")
        is_held = await self.keys.is_held(*holder)  # frees a key that is too old
        if is_held and isinstance(batch.key, QuotedKey):
            return await self._replayed(holder, content)
        reservation = Reservation(uuid4().hex, self.chunks.queue.lease_seconds)

        async def store(transaction: Transaction) -> None:
            await transaction.stored_batches.insert(
                batch, chunks, objects=KINDS[batch.kind].objects, reserved=reservation
            )

        try:
            await self.runner.run(store)
        except DuplicateKey:
            return await self._replayed(holder, content)
        renew = partial(self.chunks.queue.renew_reserved, batch.id, reservation.by)
        async with lease_renewed(renew, lease_seconds=reservation.seconds):
            outcomes = await self._finish(batch, reservation.by)
        return KeyedAnswer(outcomes=outcomes, replayed=False)

    async def _replayed(self, holder: tuple[str, str], content: Content) -> KeyedAnswer:
        """Return the answer of the batch that has the key, once it has ended."""
        batch, state = await self.keys.holder(*holder, content)
        has_ended = state.is_final
        outcomes = await (self._outcomes(batch) if has_ended else self._finish(batch, None))
        return KeyedAnswer(outcomes=outcomes, replayed=True)

    async def _outcomes(self, batch: StoredBatch) -> Sequence[Outcome]:
        """Return the stored outcomes of a batch that has ended."""
        return [result.outcome async for result in self.results.stream(batch.id)]

    def _new(
        self,
        request: BatchRequest,
        items: Sequence[Item],
        inputs: Sequence[Input],
        content: str,
    ) -> tuple[StoredBatch, Sequence[Chunk]]:
        work, options = request.work, request.options
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
                return await self._outcomes(batch)
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
                    self.process, batch_id=batch.id, reserved_by=reservation
                )
            except StoreError as error:
                return error
            if run is None:
                return None
            if isinstance(run.end, Hindered):
                return run.end.error
