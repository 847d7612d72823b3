"""What the engine reports for the metrics."""

from collections.abc import Sequence
from typing import Protocol

from server.domain.outcome import Outcome


class Observer(Protocol):
    """Counts and times what the engine does. `mutation` is the kind's: `batchUpdateStock`."""

    def chunk_done(self, mutation: str, seconds: float) -> None:
        """Take note of a chunk that ended after `seconds`, its retries included."""
        ...

    def items_answered(self, mutation: str, outcomes: Sequence[Outcome]) -> None:
        """Take note of outcomes, whether their items were run or not."""
        ...

    def chunk_attempt_ended(self, end: str) -> None:
        """Take note of a run of a stored chunk: done, orphaned, lost, hindered or broken."""
        ...

    def lease_taken_over(self) -> None:
        """Take note of a chunk that was taken from a worker whose lease had run out."""
        ...

    def transaction_retried(self, reason: str) -> None:
        """Take note of a transaction that ran or committed again because of `reason`."""
        ...
