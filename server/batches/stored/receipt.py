"""What commits together with the effects of a chunk whose batch is stored."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from server.domain.outcome import Outcome
from server.domain.stored_batch import Lease, StoredBatch
from server.kinds.outcomes import to_document
from server.mongo.connection.driver import Session
from server.mongo.transaction import Transaction


class Receipt:
    """Of one chunk that we hold.

    All its transactions run on one session, so that whoever takes the chunk over can end what we
    have left open. `recorded` are the items whose outcomes have committed.
    """

    def __init__(self, batch: StoredBatch, lease: Lease, session: Session) -> None:
        self.session = session
        self.recorded: set[int] = set()
        self.forgets_crashes = False
        self._batch = batch
        self._lease = lease
        self._began: float | None = None

    @property
    def attempt_seconds(self) -> float | None:
        """For how long the transaction under way has run; None if there is none."""
        return None if self._began is None else time.monotonic() - self._began

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A transaction runs."""
        self._began = time.monotonic()
        try:
            yield
        finally:
            self._began = None

    async def write(self, transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
        """Record the outcomes, in the transaction that brings them about.

        Raises:
            LeaseLost: somebody else has the chunk.
        """
        await transaction.receipts.record(
            self._lease,
            [to_document(outcome) for outcome in outcomes],
            following=self._batch.following(self._lease.index),
            publishes=self._batch.publishes,
            forgets_crashes=self.forgets_crashes,
        )

    def committed(self, outcomes: Sequence[Outcome]) -> None:
        self.recorded.update(outcome.index for outcome in outcomes)
