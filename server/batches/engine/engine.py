"""Runs a batch: its chunks side by side or one after another, an outcome for every item."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from itertools import chain
from typing import TypeVar

from server.batches.engine.chunk import ChunkRunner, Receipt
from server.batches.engine.cutting import cut, in_order
from server.batches.engine.failures import fail_all
from server.batches.engine.in_flight import InFlight
from server.batches.engine.limits import Limits
from server.batches.engine.observer import Observer
from server.batches.engine.share import Share
from server.batches.engine.turns import Turns
from server.batches.engine.unapplied import not_attempted, refused
from server.domain.options import BatchOptions
from server.domain.outcome import Failed, Outcome, any_failed
from server.kinds.kind import BatchWork, Item
from server.mongo.transaction import TransactionRunner

ItemT = TypeVar("ItemT", bound=Item)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)


class Engine:
    """One per process: all requests share its limit on chunks that run at the same time."""

    def __init__(
        self,
        runner: TransactionRunner,
        observer: Observer,
        *,
        clock: Callable[[], datetime],
        concurrent_chunks: int,
        limits: Limits,
    ) -> None:
        self.limits = limits
        self._runner = runner
        self._observer = observer
        self._clock = clock
        self._slots = asyncio.Semaphore(concurrent_chunks)
        self._slots_for_one = max(1, concurrent_chunks // 2)
        self._turns = Turns()
        self.in_flight = InFlight()

    async def run(
        self, work: BatchWork[ItemT, OutcomeT], items: Sequence[ItemT], options: BatchOptions
    ) -> Sequence[OutcomeT | Failed]:
        """The outcome of every item, in the order of `items`.

        A failure of one chunk is the failure of its items and of no others, unless the batch ends
        at its first failure. If the caller is cancelled, the chunks that have begun end, and the
        others never begin.

        Raises:
            BatchTooLarge: there are more items than the limit; nothing was done.
        """
        self.limits.check(work.kind.argument, len(items), options)
        chunks = self.chunks(work, options)
        if options.ends_at_failure:
            return await self._one_after_another(chunks, items)
        parts = [list(items)] if options.atomic else cut(items, options.batch_size)
        in_turn = partial(self._in_turn, chunks, Share(self._slots_for_one))
        done = await asyncio.gather(*map(in_turn, filter(None, parts)))
        return sorted(chain.from_iterable(done), key=lambda outcome: outcome.index)

    def chunks(
        self,
        work: BatchWork[ItemT, OutcomeT],
        options: BatchOptions,
        receipt: Receipt | None = None,
    ) -> ChunkRunner[ItemT, OutcomeT]:
        """What runs the chunks of one batch, or one chunk that leaves a receipt."""
        return ChunkRunner(self._runner, self._clock, work, options, receipt)

    async def run_chunk(
        self, chunks: ChunkRunner[ItemT, OutcomeT], items: Sequence[ItemT]
    ) -> Sequence[OutcomeT | Failed]:
        """One chunk, in its turn, beside those of everybody else.

        Raises:
            StoreError: what is no item's fault, if the chunk leaves a receipt.
        """
        return await self._in_turn(chunks, Share(1), items)

    async def drain(self) -> None:
        """Return when every chunk that has begun has ended."""
        await self.in_flight.drain()

    async def _one_after_another(
        self, chunks: ChunkRunner[ItemT, OutcomeT], items: Sequence[ItemT]
    ) -> Sequence[OutcomeT | Failed]:
        """Until a chunk has a failure in it; what stands behind is not attempted.

        A dry run is one chunk, for a second one could not see what the first would have left.
        """
        options, argument = chunks.options, chunks.work.kind.argument
        outcomes: list[OutcomeT | Failed] = []
        if options.validate_before_write and any(item.errors for item in items):
            outcomes += refused(items, argument)
            self._observer.items_answered(chunks.work.kind.mutation, outcomes)
            return outcomes
        parts = in_order(items, len(items) or 1 if options.dry_run else options.batch_size)
        share = Share(1)
        for part in parts:
            done = await self._in_turn(chunks, share, part)
            outcomes += done
            if any_failed(done):
                break
        rest = not_attempted(items[len(outcomes) :], argument)
        self._observer.items_answered(chunks.work.kind.mutation, rest)
        return [*outcomes, *rest]

    async def _in_turn(
        self, chunks: ChunkRunner[ItemT, OutcomeT], share: Share, items: Sequence[ItemT]
    ) -> Sequence[OutcomeT | Failed]:
        work = chunks.work
        async with share.place():
            if share.outage is not None:  # others of this batch have waited for the database
                failures = fail_all(items, work.kind.argument, share.outage, error_id="")
                self._observer.items_answered(work.kind.mutation, failures)
                return failures
            async with AsyncExitStack() as waiting:
                products = {item.key for item in items if item.key}
                await waiting.enter_async_context(self._turns.taken(products))
                await waiting.enter_async_context(self._slots)
                place = waiting.pop_all()  # now it is the chunk's own, whoever stops waiting
            begun = self._begun(chunks, items, place)
            outcomes = await self.in_flight.finish(begun)
            share.learn_from(outcomes)
            return outcomes

    async def _begun(
        self, chunks: ChunkRunner[ItemT, OutcomeT], items: Sequence[ItemT], place: AsyncExitStack
    ) -> Sequence[OutcomeT | Failed]:
        async with place:
            started = time.perf_counter()
            outcomes = await chunks.run(items)
            self._observer.chunk_done(chunks.work.kind.mutation, time.perf_counter() - started)
            self._observer.items_answered(chunks.work.kind.mutation, outcomes)
            return outcomes
