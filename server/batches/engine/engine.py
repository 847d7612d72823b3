"""The engine: runs the chunks of a request, side by side or one after another."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import partial
from itertools import chain, repeat
from typing import TypeVar

from server.batches.engine.chunk import ChunkRunner
from server.batches.engine.cutting import chunks_of
from server.batches.engine.failures import fail_all
from server.batches.engine.in_flight import InFlight
from server.batches.engine.in_order import Place, in_order
from server.batches.engine.limits import Limits
from server.batches.engine.observer import Observer
from server.batches.engine.sharing.admission import Admission
from server.batches.engine.sharing.group import Groups
from server.batches.engine.sharing.group_commit import GroupCommit, GroupLimits
from server.batches.engine.sharing.share import Share
from server.batches.engine.sharing.turns import Turn
from server.batches.engine.transactions import ChunkTransactions, PlainTransactions
from server.batches.engine.unapplied import not_attempted, refused
from server.domain.errors import NotReached
from server.domain.options import BatchOptions
from server.domain.outcome import Failed, Outcome, any_failed
from server.domain.tracing import UNTRACED, Tracer
from server.kinds.kind import BatchWork, Item
from server.mongo.transaction import TransactionRunner

_GROUP_CONFLICT_SECONDS = 0.25  # then the requests of a group run alone, each with its own time

ItemT = TypeVar("ItemT", bound=Item)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)


class Engine:
    """Runs the chunks of all requests of a process, which share its limit on concurrent chunks.

    `in_flight` holds the chunks that have begun; a shutdown waits for them.
    """

    def __init__(  # noqa: PLR0913 - what all chunks share
        self,
        runner: TransactionRunner,
        observer: Observer,
        *,
        clock: Callable[[], datetime],
        concurrent_chunks: int,
        limits: Limits,
        group_limits: GroupLimits,
        tracer: Tracer = UNTRACED,
    ) -> None:
        self.limits = limits
        self.in_flight = InFlight()
        self._runner = runner
        self._plain = PlainTransactions(runner)
        self._observer = observer
        self._clock = clock
        self._admission = Admission(concurrent_chunks, observer, tracer)
        self._slots_for_one_batch = max(1, concurrent_chunks // 2)
        groups = Groups(
            PlainTransactions(runner, conflict_seconds=_GROUP_CONFLICT_SECONDS),
            self._run_alone,
            self.in_flight,
            observer,
            tracer,
        )
        self._groups = GroupCommit(groups, self._admission.turns, self.in_flight, group_limits)

    async def run(
        self, work: BatchWork[ItemT, OutcomeT], items: Sequence[ItemT], options: BatchOptions
    ) -> Sequence[OutcomeT | Failed]:
        """Run a whole request and return the outcome of every item, in the order of `items`.

        If a chunk fails, only its own items fail, unless the batch ends at its first failure. If
        the caller is cancelled, the chunks that have begun go on to their end, and no other begins.

        Raises:
            BatchTooLarge: there are more items than the limit; nothing was done.
        """
        self.limits.check(work.kind.argument, len(items), options)
        runner = self.chunk_runner(work, options, self._plain)
        if self._groups.takes(runner, items):
            return await self._groups.run(runner, items)
        if options.ends_at_failure:
            return await self._in_order(runner, items)
        done = await self._side_by_side(runner, chunks_of(items, options))
        return sorted(chain.from_iterable(done), key=lambda outcome: outcome.index)

    def chunk_runner(
        self,
        work: BatchWork[ItemT, OutcomeT],
        options: BatchOptions,
        transactions: ChunkTransactions,
    ) -> ChunkRunner[ItemT, OutcomeT]:
        """Return a runner for the chunks of one batch."""
        return ChunkRunner(work, options, transactions, self._clock)

    async def run_chunk(
        self, runner: ChunkRunner[ItemT, OutcomeT], items: Sequence[ItemT]
    ) -> Sequence[OutcomeT | Failed]:
        """Run a stored chunk when its turn comes. Cancelling the caller cancels the chunk.

        Raises:
            StoreError: the database kept the chunk from ending, and it can be given back.
        """
        return await self._admission.run(
            runner, items, self._admission.of(self._admission.join(items))
        )

    async def run_once(
        self, runner: ChunkRunner[ItemT, OutcomeT], items: Sequence[ItemT]
    ) -> Sequence[OutcomeT | Failed]:
        """Run a request that is one chunk, without a second try, when its turn comes.

        If the caller is cancelled, a chunk that has begun goes on to its end.

        Raises:
            Exception: any error of the rules or of the database.
        """
        turn = await self._admission.taken(self._admission.join(items))
        running = self._admission.run(runner, items, turn, runner.transact)
        return await self.in_flight.finish(running)

    async def drain(self) -> None:
        """Wait until every chunk has ended that has begun, or waits to share a transaction.

        Then nothing is in doubt either.
        """
        await self._groups.drain()
        await self.in_flight.drain()
        await self._runner.settled()

    async def _in_order(
        self, runner: ChunkRunner[ItemT, OutcomeT], items: Sequence[ItemT]
    ) -> Sequence[OutcomeT | Failed]:
        """Run chunks until one has a failure; the items after it are not attempted."""
        options, kind = runner.options, runner.work.kind
        outcomes: list[OutcomeT | Failed] = []
        if options.validate_before_write and any(item.errors for item in items):
            outcomes += refused(items, kind.argument)
            self._observer.items_answered(kind.mutation, outcomes)
            return outcomes
        share = asyncio.Semaphore(self._slots_for_one_batch)
        place: Place | None = None
        runs = []
        for chunk in chunks_of(items, options):
            place = Place(place)
            run = self._run_in_place(runner, place, share, chunk)
            runs.append(run)
        for done in await asyncio.gather(*runs):
            outcomes += done
        rest = not_attempted(items[len(outcomes) :], kind.argument)
        self._observer.items_answered(kind.mutation, rest)
        return [*outcomes, *rest]

    async def _run_in_place(
        self,
        runner: ChunkRunner[ItemT, OutcomeT],
        place: Place,
        share: asyncio.Semaphore,
        items: Sequence[ItemT],
    ) -> Sequence[OutcomeT | Failed]:
        """Return the outcomes of a chunk; none if the batch has ended before it."""
        try:
            async with share:
                if not await place.may_begin():
                    return []
                turn = await self._admission.taken(self._admission.join(items))
                place.begin()
                running = self._run_and_end(runner, items, turn, place)
                return await self.in_flight.finish(running)
        finally:
            if not place.has_begun:
                place.end(has_failed=True)

    async def _run_and_end(
        self,
        runner: ChunkRunner[ItemT, OutcomeT],
        items: Sequence[ItemT],
        turn: AbstractAsyncContextManager[object],
        place: Place,
    ) -> Sequence[OutcomeT | Failed]:
        """Run a chunk, and let the next one commit or end the batch."""
        try:
            outcomes = await self._admission.run(in_order(runner, place), items, turn)
            place.end(has_failed=any_failed(outcomes))
            return outcomes
        except NotReached:
            return []
        finally:
            place.end(has_failed=True)

    async def _side_by_side(
        self, runner: ChunkRunner[ItemT, OutcomeT], chunks: Sequence[Sequence[ItemT]]
    ) -> Sequence[Sequence[OutcomeT | Failed]]:
        """Run the chunks of a batch. Those of its share get their places in the queues now.

        So a request that arrives later stays behind them. Chunks beyond the share join the queues
        when they may begin: a small request does not wait for all of a large one.
        """
        in_share = partial(self._in_share, runner, Share(self._slots_for_one_batch))
        turns = [self._admission.join(chunk) for chunk in chunks[: self._slots_for_one_batch]]
        try:
            return await asyncio.gather(*map(in_share, chunks, chain(turns, repeat(None))))
        finally:
            for turn in turns:
                turn.leave()

    async def _in_share(
        self,
        runner: ChunkRunner[ItemT, OutcomeT],
        share: Share,
        items: Sequence[ItemT],
        turn: Turn | None,
    ) -> Sequence[OutcomeT | Failed]:
        """Run a chunk when its batch has a free slot, or fail it if the database is away."""
        kind = runner.work.kind
        async with share.slot():
            if share.outage is not None:  # an earlier chunk has waited for the database in vain
                failures = fail_all(items, kind.argument, share.outage, error_id="")
                self._observer.items_answered(kind.mutation, failures)
                return failures
            outcomes = await self._run_shielded(runner, items, turn or self._admission.join(items))
            share.learn_from(outcomes)
            return outcomes

    async def _run_shielded(
        self, runner: ChunkRunner[ItemT, OutcomeT], items: Sequence[ItemT], turn: Turn
    ) -> Sequence[OutcomeT | Failed]:
        """Wait for the chunk's turn, then run it to its end even if the caller is cancelled."""
        running = self._admission.run(runner, items, await self._admission.taken(turn))
        return await self.in_flight.finish(running)

    async def _run_alone(
        self, runner: ChunkRunner[ItemT, OutcomeT], items: Sequence[ItemT], turn: Turn, tries: int
    ) -> Sequence[OutcomeT | Failed]:
        """Run a request whose group has failed."""
        return await self._admission.run(
            runner, items, self._admission.of(turn), partial(runner.run, tries=tries)
        )
