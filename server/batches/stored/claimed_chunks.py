"""The life of a stored chunk: claim, begin, run, end.

Its run ends as `Done`, `Orphaned`, `Lost`, `Hindered` or `Broken`.

A worker runs chunks of any batch, and a keyed request runs those of its own. What happens inside a
chunk's transaction (decide, write, receipt, commit) stands in `server.batches.engine.chunk` and in
`FencedTransactions`.
"""

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import uuid4

from server.batches.engine.engine import Engine
from server.batches.engine.observer import Observer
from server.batches.engine.unapplied import not_attempted
from server.batches.stored.crashes import Part, crashed, parts
from server.batches.stored.fenced_transactions import FencedTransactions
from server.batches.stored.lease_keeper import lease_renewed
from server.batches.stored.preview_transactions import PreviewTransactions
from server.batches.stored.retry_decision import GiveUp, Retry, decide
from server.batches.stored.suspicion import Suspicion
from server.batches.stored.unrun import settled_without_running
from server.domain.errors import (
    CommitUnknown,
    DatabaseUnavailable,
    LeaseLost,
    StoreError,
    WriteConflict,
)
from server.domain.log_fields import logged_with
from server.domain.outcome import Outcome, any_failed
from server.domain.stored_batch import ClaimedChunk, Lease, StoredBatch
from server.domain.tracing import UNTRACED, Tracer
from server.kinds.kind import Item
from server.kinds.registry import work_of
from server.mongo.batches.queue import ChunkQueue
from server.mongo.batches.states import BatchStates
from server.mongo.connection.driver import Session
from server.mongo.transaction import Transaction, TransactionRunner

log = logging.getLogger(__name__)

_ORPHAN_SECONDS = 5.0  # pause before an orphaned chunk may be claimed again
_GIVEN_UP = (
    "A chunk of this batch could not be finished: the database failed {attempts} times. Send the "
    "failed items again; for a submitted batch, retryBatch does that. (Error {error_id})"
)


@dataclass(frozen=True, slots=True)
class Done:
    """Every item of the chunk has its outcome; `batch` is as it was before."""

    batch: StoredBatch | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Orphaned:
    """The batch has ended or is gone, so the chunk is not to be run."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Another worker holds the chunk, or it is done.

    The open transaction was undone; parts that had committed stay.
    """


@dataclass(frozen=True, slots=True)
class Hindered:
    """A write conflict or a failure of the database ended the run."""

    error: StoreError


@dataclass(frozen=True, slots=True)
class Broken:
    """A bug ended the run."""

    error: Exception


ChunkEnd = Done | Orphaned | Lost | Hindered | Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkRun:
    """The end of one run of a claimed chunk, and the batch of that chunk."""

    batch_id: str
    end: ChunkEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedChunks:
    """Claims chunks and runs them. `clock` gives stored times; leases use the database's clock."""

    engine: Engine
    runner: TransactionRunner
    queue: ChunkQueue
    suspicion: Suspicion
    states: BatchStates
    observer: Observer
    clock: Callable[[], datetime]
    tracer: Tracer = UNTRACED

    async def run_next(
        self,
        worker: str,
        *,
        batch_id: str | None = None,
        reserved_by: str | None = None,
        on_claim: Callable[[], None] = lambda: None,
    ) -> ChunkRun | None:
        """Claim a chunk and run it to its end, even if the caller is cancelled.

        Return None if there is no chunk to claim. `batch_id` and `reserved_by` are those of
        `ChunkQueue.claim`; `on_claim` is called once a chunk is claimed.

        Raises:
            StoreError: the database did not answer, and nothing was claimed.
        """

        async def claim_and_run() -> ChunkRun | None:
            async with self.runner.session() as session:
                chunk = await self.queue.claim(
                    worker, session, batch_id=batch_id, reserved_by=reserved_by
                )
                if chunk is None:
                    return None
                on_claim()
                end = await self.run(chunk, session)
                return ChunkRun(batch_id=chunk.lease.batch_id, end=end)

        return await self.engine.in_flight.finish(claim_and_run())

    async def run(self, chunk: ClaimedChunk, session: Session) -> ChunkEnd:
        """Run a claimed chunk on the session that claimed it, and return how that ended.

        Then the chunk is done, or can be claimed again: at once, later, or after its lease.
        """
        with logged_with(_log_fields(chunk.lease)):
            return await self._run(chunk, session)

    async def _run(self, chunk: ClaimedChunk, session: Session) -> ChunkEnd:
        end = await self._run_until_end(chunk, session)
        self.observer.chunk_attempt_ended(type(end).__name__.lower())
        match end:
            case Done():
                pass
            case Orphaned():
                await self._give_back(chunk.lease, delay_seconds=_ORPHAN_SECONDS, failed=False)
            case Lost():
                log.warning("Lost the lease of a chunk: another worker holds it, or it is done")
            case Hindered(error):
                await self._give_up_or_back(chunk, error)
            case Broken(error):  # its lease runs out; the fault counts as a death
                log.error("A chunk failed", exc_info=error)
        return end

    async def _run_until_end(self, chunk: ClaimedChunk, session: Session) -> ChunkEnd:
        """Take over, begin, run and record the chunk; every error becomes one of the ends."""
        lease = chunk.lease
        try:
            await self._take_over(chunk)
            batch = await self.states.begin(lease.batch_id, self.clock(), session)
            if batch is None:
                return Orphaned()
            fenced = self._transactions(batch, chunk, session)
            renew, seconds = partial(self.queue.renew, lease), self.queue.lease_seconds
            with self.tracer.stored_chunk(batch.kind, batch.trace):
                async with lease_renewed(renew, fenced, lease_seconds=seconds):
                    await self._run_items(batch, chunk, fenced)
            return Done(batch)
        except LeaseLost:
            return Lost()
        except (WriteConflict, DatabaseUnavailable, CommitUnknown) as error:
            return Hindered(error)
        except Exception as error:  # noqa: BLE001 - a bug must not end the worker
            return Broken(error)

    def _transactions(
        self, batch: StoredBatch, chunk: ClaimedChunk, session: Session
    ) -> FencedTransactions:
        if batch.options.dry_run:
            return PreviewTransactions(self.runner, batch, chunk, session)
        return FencedTransactions(self.runner, batch, chunk.lease, session)

    async def _take_over(self, chunk: ClaimedChunk) -> None:
        """End the transactions that earlier holders of the chunk left open."""
        if not chunk.left_open:
            return
        log.warning("The lease of a chunk ran out; it is taken over")
        self.observer.lease_taken_over()
        try:
            await self.queue.end_transactions_of(chunk.left_open)
        except StoreError as error:  # then MongoDB ends them after a minute
            log.warning("A transaction that a lost worker left open was not ended: %s", error)

    async def _run_items(
        self, batch: StoredBatch, chunk: ClaimedChunk, fenced: FencedTransactions
    ) -> None:
        """Run the chunk's items that have no outcome yet, and store their outcomes."""
        work, options = work_of(batch), batch.options
        argument = work.kind.argument
        items = [work.effects.item(stored.index, stored.input) for stored in chunk.items]
        settled = settled_without_running(batch, chunk, argument, items)
        if settled is not None:
            await self._record(batch, items, settled, fenced)
            return
        deaths = await self.suspicion.deaths(chunk)
        for part in parts(items, deaths, atomic=options.atomic):
            fenced.forgets_crashes = part.has_crashed
            if part.has_crashed:
                outcomes: Sequence[Outcome] = crashed(part.items, argument)
                await self._record(batch, part.items, outcomes, fenced)
                deaths = ()
            else:
                async with self.suspicion.watched(chunk, part, deaths, fenced.session):
                    outcomes = await self._run_part(batch, part, fenced)
            if options.ends_at_failure and any_failed(outcomes):
                later = [item for item in items if item.index > part.last]
                await self._record(batch, later, not_attempted(later, argument), fenced)
                return

    async def _run_part(
        self, batch: StoredBatch, part: Part, fenced: FencedTransactions
    ) -> Sequence[Outcome]:
        runner = self.engine.chunk_runner(work_of(batch), batch.options, fenced)
        outcomes: Sequence[Outcome] = await self.engine.run_chunk(runner, part.items)
        await self._record(batch, part.items, outcomes, fenced)
        return outcomes

    async def _record(
        self,
        batch: StoredBatch,
        items: Sequence[Item],
        outcomes: Sequence[Outcome],
        fenced: FencedTransactions,
    ) -> None:
        """Record the outcomes that no transaction has recorded yet.

        They are those of a dry run and of items that were not run. Unless it is a dry run, also
        write what the kind keeps of failures, such as ledger rows.
        """
        unrecorded = [outcome for outcome in outcomes if outcome.index not in fenced.recorded]
        if not unrecorded:
            return
        by_index = {item.index: item for item in items}
        their_items = [by_index[outcome.index] for outcome in unrecorded]

        async def body(transaction: Transaction) -> Sequence[Outcome]:
            if not batch.options.dry_run:
                effects = work_of(batch).effects
                await effects.write(transaction, their_items, unrecorded, self.clock())
            return unrecorded

        await fenced.run(body)

    async def _give_up_or_back(self, chunk: ClaimedChunk, error: StoreError) -> None:
        """Give the chunk back for another attempt, or give it up after the last.

        Giving up fails the whole batch. After write conflicts only this chunk fails: its next claim
        finds the attempts used up.
        """
        attempts = chunk.attempts + 1
        log_fields: dict[str, object] = {"attempt": attempts}
        decision = decide(attempts, random.random())  # noqa: S311 - no secret
        try:
            if isinstance(decision, GiveUp) and not isinstance(error, WriteConflict):
                error_id = uuid4().hex
                log_fields["error_id"] = error_id
                log.error("A chunk is given up, and its batch with it: %s", error, extra=log_fields)
                reason = _GIVEN_UP.format(attempts=attempts, error_id=error_id)
                await self.states.note_failure(chunk.lease.batch_id, reason)
            elif isinstance(decision, GiveUp):
                log.warning("A chunk is given up: its products kept changing", extra=log_fields)
            else:
                log.warning("A chunk is given back: %s", error, extra=log_fields)
        except StoreError as second:  # its lease runs out, and the next holder tries again
            log.warning("The failure of a batch could not be noted: %s", second, extra=log_fields)
            return
        delay = decision.delay_seconds if isinstance(decision, Retry) else 0
        await self._give_back(chunk.lease, delay_seconds=delay, failed=True)

    async def _give_back(self, lease: Lease, *, delay_seconds: float, failed: bool) -> None:
        try:
            await self.queue.give_back(lease, delay_seconds=delay_seconds, failed=failed)
        except StoreError as error:  # it can be claimed again when its lease has run out
            log.warning("A chunk could not be given back: %s", error)


def _log_fields(lease: Lease) -> dict[str, object]:
    return {"batch_id": lease.batch_id, "chunk": lease.index}
