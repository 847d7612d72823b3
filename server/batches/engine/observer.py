"""What the engine tells whoever measures it."""

from collections.abc import Sequence
from typing import Protocol

from server.domain.outcome import Outcome


class Observer(Protocol):
    def chunk_done(self, work: str, seconds: float) -> None:
        """A chunk of `operation` ended, after all its retries."""
        ...

    def items_answered(self, work: str, outcomes: Sequence[Outcome]) -> None:
        """Items of `operation` ended so, in a chunk or because theirs was not begun."""
        ...

    def transaction_retried(self, reason: str) -> None:
        """A transaction ran or committed again because of `reason`."""
        ...
