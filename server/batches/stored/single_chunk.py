"""A keyed batch of one chunk: its documents commit in the same transaction as its effects.

It is COMPLETED when others first see it. If its transaction does not commit, nothing of it is left.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from server.batches.engine.engine import Engine
from server.batches.engine.transactions import ChunkBody, OutcomeT
from server.batches.stored.completion import log_alert, log_end
from server.batches.stored.metrics import batch_alerts
from server.domain.batch_progress import BatchProgress
from server.domain.batch_state import BatchState
from server.domain.item_result import Input
from server.domain.outcome import Failed, Outcome
from server.domain.stored_batch import Chunk, StoredBatch
from server.kinds.kind import BatchWork, Item
from server.kinds.outcomes import to_document
from server.kinds.registry import work_of
from server.mongo.batches.stored_batches import Ending
from server.mongo.transaction import Transaction, TransactionRunner


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleChunk:
    """Runs keyed batches of one chunk."""

    engine: Engine
    runner: TransactionRunner
    clock: Callable[[], datetime]

    async def run(
        self, batch: StoredBatch, chunk: Chunk, items: Sequence[Item]
    ) -> Sequence[Outcome]:
        """Run the batch in one transaction, without a second try, and return its outcomes.

        `items` are those of the chunk, checked. A chunk that has begun goes on to its end even if
        the caller is cancelled.

        Raises:
            KeyTaken: another batch has the key, or is about to have it.
            CommitUnknown: it may be stored. After any other error nothing is.
            Exception: any error of the rules or of the database.
        """
        work = work_of(batch)
        recording = replace(work, effects=_Recording(work=work, batch=batch, chunk=chunk))
        transactions = _Logged(runner=self.runner, batch=batch, clock=self.clock)
        runner = self.engine.chunk_runner(recording, batch.options, transactions)
        return await self.engine.run_once(runner, items)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recording:
    """The effects of a kind, and the documents of the batch.

    The batch is inserted before anything else is written: its key shows whether the work is done.
    """

    work: BatchWork[Any, Any]
    batch: StoredBatch
    chunk: Chunk

    def item(self, index: int, sent: Input) -> Any:
        return self.work.effects.item(index, sent)

    async def decide(
        self, transaction: Transaction, items: Sequence[Any], now: datetime
    ) -> Sequence[Any]:
        return await self.work.effects.decide(transaction, items, now)

    async def write(
        self,
        transaction: Transaction,
        items: Sequence[Any],
        outcomes: Sequence[Any],
        now: datetime,
    ) -> None:
        alerts = batch_alerts(_completed(self.batch, outcomes, now), now)
        ending = Ending(
            at=now,
            outcomes=[to_document(outcome) for outcome in outcomes],
            alerts=[alert.kind.value for alert in alerts],
        )
        await transaction.stored_batches.insert_completed(
            self.batch, self.chunk, ending, objects=self.work.kind.objects
        )
        await self.work.effects.write(transaction, items, outcomes, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Logged:
    """The only transaction of a batch; once it has committed, the end of the batch is logged."""

    can_give_back = True

    runner: TransactionRunner
    batch: StoredBatch
    clock: Callable[[], datetime]

    async def run(self, body: ChunkBody[OutcomeT], *, commit: bool = True) -> Sequence[OutcomeT]:
        outcomes = await self.runner.run(body, commit=commit)
        ended = _completed(self.batch, outcomes, self.clock())
        log_end(ended)
        for alert in batch_alerts(ended, self.clock()):
            log_alert(self.batch.id, alert)
        return outcomes


def _completed(batch: StoredBatch, outcomes: Sequence[Outcome], now: datetime) -> BatchProgress:
    """Return what a caller sees of the batch once it is stored."""
    failures = sum(isinstance(outcome, Failed) for outcome in outcomes)
    return BatchProgress(
        id=batch.id,
        kind=batch.kind,
        state=BatchState.COMPLETED,
        total_items=batch.total_items,
        success_count=len(outcomes) - failures,
        failure_count=failures,
        created_by=batch.created_by,
        created_at=batch.created_at,
        started_at=now,
        completed_at=now,
        error=None,
        retry_of=None,
        publication=None,
        dry_run=batch.options.dry_run,
    )
