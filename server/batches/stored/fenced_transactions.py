"""The transactions of a claimed chunk, each of which ends with a receipt."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from server.batches.engine.transactions import ChunkBody
from server.domain.outcome import Outcome
from server.domain.stored_batch import Lease, StoredBatch
from server.kinds.outcomes import to_document
from server.mongo.connection.driver import Session
from server.mongo.transaction import Transaction, TransactionRunner

OutcomeT = TypeVar("OutcomeT", bound=Outcome)


class FencedTransactions:
    """Runs the transactions of one chunk under its lease.

    All run on the session that claimed the chunk, so that a worker that takes the chunk over can
    end the transaction that this one left open. `recorded` holds the indexes of the items whose
    outcomes have committed. `forgets_crashes`: the next receipt sets the chunk's crash count to 0
    and forgets its deaths.
    """

    can_give_back = True

    def __init__(
        self, runner: TransactionRunner, batch: StoredBatch, lease: Lease, session: Session
    ) -> None:
        self.recorded: set[int] = set()
        self.forgets_crashes = False
        self._runner = runner
        self._batch = batch
        self._lease = lease
        self.session = session
        self._began: float | None = None

    @property
    def running_seconds(self) -> float | None:
        """Return how long the transaction under way has run; None if none is."""
        return None if self._began is None else time.monotonic() - self._began

    async def run(self, body: ChunkBody[OutcomeT], *, commit: bool = True) -> Sequence[OutcomeT]:
        """Commit the effects of `body`, its outcomes and, with the last of them, the done mark.

        Raises:
            LeaseLost: another worker holds the chunk, or it is done.
            StoreError: as `TransactionRunner.run`.
        """

        async def with_receipt(transaction: Transaction) -> Sequence[OutcomeT]:
            outcomes = await body(transaction)
            if commit:
                await self.write_receipt(transaction, outcomes)
            return outcomes

        with self.attempt():
            outcomes = await self._runner.run(with_receipt, commit=commit, session=self.session)
        if commit:
            self.recorded.update(outcome.index for outcome in outcomes)
        return outcomes

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Note that a transaction is under way until the block ends."""
        self._began = time.monotonic()
        try:
            yield
        finally:
            self._began = None

    async def write_receipt(self, transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
        """Write the outcomes into the chunk, in the transaction that brings them about.

        Raises:
            LeaseLost: another worker holds the chunk, or it is done.
        """
        await transaction.receipts.record(
            self._lease,
            [to_document(outcome) for outcome in outcomes],
            following=self._batch.following(self._lease.index),
            publishes=self._batch.publishes,
            forgets_crashes=self.forgets_crashes,
        )
