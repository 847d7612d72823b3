"""What the engine tells whoever measures it."""

from collections.abc import Sequence
from typing import Protocol

from server.domain.outcome import Outcome


class Observer(Protocol):
    def chunk_done(self, operation: str, seconds: float, outcomes: Sequence[Outcome]) -> None:
        """A chunk of `operation` ended with `outcomes`, after all its retries."""
        ...

    def transaction_retried(self, reason: str) -> None:
        """A transaction ran or committed again because of `reason`."""
        ...
