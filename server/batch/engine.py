"""Runs a batch: chunks side by side, each one transaction, an outcome for every item."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import TypeVar
from uuid import uuid4

from server.batch.chunks import cut
from server.batch.failures import fail_all
from server.batch.in_flight import InFlight
from server.batch.observer import Observer
from server.batch.operation import Item, Operation
from server.batch.share import Share
from server.batch.turns import Turns
from server.domain.errors import CommitUnknown, DatabaseUnavailable, WriteConflict
from server.domain.options import BatchOptions
from server.domain.outcome import Failed, Outcome, all_or_nothing
from server.mongo.transaction import Transaction, TransactionRunner

log = logging.getLogger(__name__)

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
    ) -> None:
        self._runner = runner
        self._observer = observer
        self._clock = clock
        self._slots = asyncio.Semaphore(concurrent_chunks)
        self._slots_for_one = max(1, concurrent_chunks // 2)
        self._turns = Turns()
        self._in_flight = InFlight()

    async def run(
        self, operation: Operation[ItemT, OutcomeT], items: Sequence[ItemT], options: BatchOptions
    ) -> list[OutcomeT | Failed]:
        """The outcome of every item, in the order of `items`.

        A failure of one chunk is the failure of its items and of no others. If the caller is
        cancelled, the chunks that have begun end, and the others never begin.
        """
        chunks = [list(items)] if options.atomic else cut(items, options.batch_size)
        in_turn = partial(self._in_turn, operation, options, Share(self._slots_for_one))
        done = await asyncio.gather(*map(in_turn, filter(None, chunks)))
        return sorted(chain.from_iterable(done), key=lambda outcome: outcome.index)

    async def drain(self) -> None:
        """Return when every chunk that has begun has ended."""
        await self._in_flight.drain()

    async def _in_turn(
        self,
        operation: Operation[ItemT, OutcomeT],
        options: BatchOptions,
        share: Share,
        chunk: Sequence[ItemT],
    ) -> Sequence[OutcomeT | Failed]:
        products = {item.key for item in chunk if item.key}
        async with share.place():
            if share.outage is not None:  # others of this batch have waited for the database
                return fail_all(chunk, operation.argument, share.outage, error_id="")
            async with AsyncExitStack() as waiting:
                await waiting.enter_async_context(self._turns.taken(products))
                await waiting.enter_async_context(self._slots)
                place = waiting.pop_all()  # now it is the chunk's own, whoever stops waiting
            begun = self._begun(operation, options, chunk, place)
            outcomes = await self._in_flight.finish(begun)
            share.learn_from(outcomes)
            return outcomes

    async def _begun(
        self,
        operation: Operation[ItemT, OutcomeT],
        options: BatchOptions,
        chunk: Sequence[ItemT],
        place: AsyncExitStack,
    ) -> Sequence[OutcomeT | Failed]:
        async with place:
            started = time.perf_counter()
            outcomes = await self._chunk(operation, chunk, options, tries=2)
            self._observer.chunk_done(operation.name, time.perf_counter() - started, outcomes)
            return outcomes

    async def _chunk(
        self,
        operation: Operation[ItemT, OutcomeT],
        items: Sequence[ItemT],
        options: BatchOptions,
        *,
        tries: int = 1,
    ) -> Sequence[OutcomeT | Failed]:
        """`tries`: what goes wrong once, as an operation that was killed, is no item's fault."""
        try:
            return await self._transact(operation, items, options)
        except (WriteConflict, DatabaseUnavailable, CommitUnknown) as error:
            return await self._give_up(operation, items, options, error)
        except Exception as error:  # noqa: BLE001 - whatever a poison item raises, it fails alone
            if tries > 1:
                return await self._chunk(operation, items, options, tries=tries - 1)
            return await self._isolate(operation, items, options, error)

    async def _transact(
        self, operation: Operation[ItemT, OutcomeT], items: Sequence[ItemT], options: BatchOptions
    ) -> Sequence[OutcomeT | Failed]:
        async def body(transaction: Transaction) -> Sequence[OutcomeT | Failed]:
            decided = await operation.decide(transaction, items)
            outcomes = all_or_nothing(decided, operation.argument) if options.atomic else decided
            await operation.write(transaction, items, outcomes, self._clock())
            return outcomes

        return await self._runner.run(body, commit=not options.dry_run)

    async def _isolate(
        self,
        operation: Operation[ItemT, OutcomeT],
        items: Sequence[ItemT],
        options: BatchOptions,
        cause: Exception,
    ) -> Sequence[OutcomeT | Failed]:
        """Run the items in ever smaller parts, until the one that `cause` is about stands alone.

        An atomic batch is only rehearsed in parts, to name its culprits, and stays undone. What is
        rolled back cannot be built upon, so there the items of one product are never parted.
        """
        parts = _smaller(items, whole_products=options.atomic or options.dry_run)
        if len(parts) == 1:
            return await self._give_up(operation, items, options, cause)
        rehearsal = replace(options, atomic=False, dry_run=options.dry_run or options.atomic)
        outcomes: list[OutcomeT | Failed] = []
        for part in parts:
            done = await self._chunk(operation, part, rehearsal)
            outcomes += done
        if not options.atomic:
            return outcomes
        outcomes = sorted(outcomes, key=lambda outcome: outcome.index)
        if not any(isinstance(outcome, Failed) for outcome in outcomes):
            return await self._give_up(operation, items, options, cause)
        failures = all_or_nothing(outcomes, operation.argument)
        if not options.dry_run:
            await self._record(operation, items, failures)
        return failures

    async def _give_up(
        self,
        operation: Operation[ItemT, OutcomeT],
        items: Sequence[ItemT],
        options: BatchOptions,
        cause: Exception,
    ) -> Sequence[OutcomeT | Failed]:
        """Fail the items, and leave the record that failures leave if the database can take it."""
        error_id = uuid4().hex
        log.error(
            "A chunk of %s failed",
            operation.name,
            exc_info=cause,
            extra={"error_id": error_id, "items": len(items), "first_index": items[0].index},
        )
        failures: Sequence[OutcomeT | Failed] = fail_all(items, operation.argument, cause, error_id)
        lost_touch = isinstance(cause, DatabaseUnavailable | CommitUnknown)
        if not (lost_touch or options.dry_run):
            await self._record(operation, items, failures)
        return failures

    async def _record(
        self,
        operation: Operation[ItemT, OutcomeT],
        items: Sequence[ItemT],
        failures: Sequence[OutcomeT | Failed],
    ) -> None:
        async def body(transaction: Transaction) -> None:
            await operation.write(transaction, items, failures, self._clock())

        try:
            await self._runner.run(body)
        except Exception:  # the answer is true without the record, and the log has both
            log.exception("The failures of a chunk of %s were not recorded", operation.name)


def _smaller(items: Sequence[ItemT], *, whole_products: bool) -> list[list[ItemT]]:
    """Parts of about half the size, or one part if there are none.

    The items of one product stay together for as long as there are others.
    """
    parts = cut(items, (len(items) + 1) // 2)
    if len(parts) > 1 or len(items) == 1 or whole_products:
        return parts
    middle = len(items) // 2
    return [list(items[:middle]), list(items[middle:])]
