"""Runs a chunk of a stored batch, whoever holds it: a worker or the request that stored it."""

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import uuid4

from server.batches.engine.engine import Engine
from server.batches.engine.in_flight import InFlight
from server.batches.engine.unapplied import not_attempted
from server.batches.stored.crashes import part_size
from server.batches.stored.foregone import crashed, foregone
from server.batches.stored.lease_keeper import lease_renewed
from server.batches.stored.receipt import Receipt
from server.batches.stored.retry_decision import GiveUp, Retry, decide
from server.domain.errors import (
    CommitUnknown,
    DatabaseUnavailable,
    LeaseLost,
    StoreError,
    WriteConflict,
)
from server.domain.outcome import Outcome, any_failed
from server.domain.stored_batch import ClaimedChunk, StoredBatch
from server.kinds.kind import Item
from server.kinds.registry import work_of
from server.mongo.batches.queue import ChunkQueue
from server.mongo.batches.states import BatchStates
from server.mongo.connection.driver import Session
from server.mongo.transaction import Transaction, TransactionRunner

log = logging.getLogger(__name__)

_GONE_SECONDS = 5.0  # until somebody looks again at a chunk whose batch is gone
_GIVEN_UP = (
    "The database kept a chunk of the batch from ending, {attempts} times over. (Error {error_id})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A chunk of this batch was run; `error` is what kept it from ending, None if nothing did."""

    batch_id: str
    error: StoreError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedChunks:
    """`clock` is for what is stored, not for leases. `in_flight` is what a shutdown awaits."""

    in_flight: InFlight
    engine: Engine
    runner: TransactionRunner
    queue: ChunkQueue
    states: BatchStates
    clock: Callable[[], datetime]

    async def run_next(
        self,
        worker: str,
        *,
        batch_id: str | None = None,
        reserved_by: str | None = None,
        on_claim: Callable[[], None] = lambda: None,
    ) -> Ran | None:
        """Claim a chunk (see `ChunkQueue.claim`) and run it; None if there is none.

        `on_claim` is told that there was one. It ends, even if the caller is cancelled.

        Raises:
            StoreError: the database did not answer, and nothing was claimed.
        """
        work = self._run_next(worker, batch_id, reserved_by, on_claim)
        return await self.in_flight.finish(work)

    async def _run_next(
        self,
        worker: str,
        batch_id: str | None,
        reserved_by: str | None,
        on_claim: Callable[[], None],
    ) -> Ran | None:
        async with self.runner.session() as session:
            chunk = await self.queue.claim(
                worker, session, batch_id=batch_id, reserved_by=reserved_by
            )
            if chunk is None:
                return None
            on_claim()
            error = await self.run(chunk, session)
            return Ran(batch_id=chunk.lease.batch_id, error=error)

    async def run(self, chunk: ClaimedChunk, session: Session) -> StoreError | None:
        """Run it, on the session of its lease; the error if the database kept it from ending.

        Whatever happens, the chunk is done afterwards, or free for somebody else, now or once its
        lease has run out.
        """
        lease = chunk.lease
        told = {"batch_id": lease.batch_id, "chunk": lease.index}
        try:
            if chunk.left_open:
                log.warning("The lease of a chunk ran out; it is taken over", extra=told)
                await self._end_what_was_left_open(chunk)
            batch = await self.states.begin(lease.batch_id, self.clock(), session)
            if batch is None:  # which is on its way out
                await self.queue.give_back(lease, delay_seconds=_GONE_SECONDS, failed=False)
            else:
                await self._run(batch, chunk, session)
        except LeaseLost:
            log.warning(
                "Lost the lease of a chunk: somebody else has it, or it is done", extra=told
            )
        except (WriteConflict, DatabaseUnavailable, CommitUnknown) as error:
            await self._give_back(chunk, error)
            return error
        except Exception:  # a bug: its lease runs out, and after three times it is bisected
            log.exception("A chunk failed", extra=told)
        return None

    async def _end_what_was_left_open(self, chunk: ClaimedChunk) -> None:
        try:
            await self.queue.end_transactions_of(chunk.left_open)
        except StoreError as error:  # then its locks are gone after a minute
            log.warning("A transaction that a lost worker left open was not ended: %s", error)

    async def _run(self, batch: StoredBatch, chunk: ClaimedChunk, session: Session) -> None:
        work = work_of(batch)
        items = [work.effects.item(one.index, one.input) for one in chunk.items]
        receipt = Receipt(batch, chunk.lease, session)
        renew, seconds = partial(self.queue.renew, chunk.lease), self.queue.lease_seconds
        async with lease_renewed(renew, receipt, lease_seconds=seconds):
            decided = foregone(batch, chunk, work.kind.argument, items)
            if decided is not None:
                await self._record(batch, items, decided, receipt)
            else:
                await self._run_parts(batch, chunk, items, receipt)

    async def _run_parts(
        self, batch: StoredBatch, chunk: ClaimedChunk, items: Sequence[Item], receipt: Receipt
    ) -> None:
        """All at once, unless the chunk has ended the processes that ran it."""
        work, options, crashes = work_of(batch), batch.options, chunk.crashes
        runner = self.engine.chunks(work, options, receipt)
        while items:
            size = part_size(chunk.size, crashes)
            if not size or (options.atomic and size < chunk.size):
                part = items if options.atomic else items[:1]
                crashes, receipt.forgets_crashes = 0, True
                outcomes: Sequence[Outcome] = crashed(part, work.kind.argument)
            else:
                part = items[:size]
                outcomes = await self.engine.run_chunk(runner, part)
            missing = [one for one in outcomes if one.index not in receipt.recorded]
            if missing:  # a dry run, whose effects were rolled back; or what was not tried
                by_index = {item.index: item for item in part}
                untold = [by_index[one.index] for one in missing]
                await self._record(batch, untold, missing, receipt)
            receipt.forgets_crashes = False
            items = items[len(part) :]
            if items and options.ends_at_failure and any_failed(outcomes):
                rest = not_attempted(items, work.kind.argument)
                await self._record(batch, items, rest, receipt)
                break

    async def _record(
        self,
        batch: StoredBatch,
        items: Sequence[Item],
        outcomes: Sequence[Outcome],
        receipt: Receipt,
    ) -> None:
        """Outcomes that have no effect, but for the record that failures leave in no dry run."""

        async def body(transaction: Transaction) -> None:
            if not batch.options.dry_run:
                await work_of(batch).effects.write(transaction, items, outcomes, self.clock())
            await receipt.write(transaction, outcomes)

        with receipt.attempt():
            await self.runner.run(body, session=receipt.session)
        receipt.committed(outcomes)

    async def _give_back(self, chunk: ClaimedChunk, error: StoreError) -> None:
        """The chunk, for somebody else. After many attempts it fails: for want of a database its
        whole batch, and if others kept changing its products, its items alone.
        """
        lease, attempts = chunk.lease, chunk.attempts + 1
        told: dict[str, object] = {
            "batch_id": lease.batch_id,
            "chunk": lease.index,
            "attempt": attempts,
        }
        decision = decide(attempts, random.random())  # noqa: S311 - no secret
        try:
            if isinstance(decision, GiveUp) and not isinstance(error, WriteConflict):
                error_id = uuid4().hex
                told["error_id"] = error_id
                log.error("A chunk is given up, and its batch with it: %s", error, extra=told)
                why = _GIVEN_UP.format(attempts=attempts, error_id=error_id)
                await self.states.note_failure(lease.batch_id, why)
            else:
                log.warning("A chunk is given back: %s", error, extra=told)
            delay = decision.delay_seconds if isinstance(decision, Retry) else 0
            await self.queue.give_back(lease, delay_seconds=delay, failed=True)
        except StoreError as second:  # then its lease runs out
            log.warning("A chunk could not be given back: %s", second, extra=told)
