"""The transactions of a chunk: of a request at once, or of a stored chunk under its lease."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from server.domain.outcome import Outcome
from server.mongo.transaction import Transaction, TransactionRunner

OutcomeT = TypeVar("OutcomeT", bound=Outcome)
ChunkBody = Callable[[Transaction], Awaitable[Sequence[OutcomeT]]]


class ChunkTransactions(Protocol):
    """Runs the transactions of one chunk.

    `can_give_back`: the chunk can be run again later if the database keeps it from ending. Then
    such an error is raised, and does not fail the chunk's items.
    """

    @property
    def can_give_back(self) -> bool: ...

    async def run(self, body: ChunkBody[OutcomeT], *, commit: bool = True) -> Sequence[OutcomeT]:
        """Return the outcomes that `body` decided, once they and their effects have committed.

        With `commit=False` everything is rolled back.
        """
        ...


class PlainTransactions:
    """Runs the transactions of a request that is not stored, and so cannot be run again later.

    `conflict_seconds` is how long a transaction that meets write conflicts runs again; None until
    the runner's deadline.
    """

    can_give_back = False

    def __init__(self, runner: TransactionRunner, conflict_seconds: float | None = None) -> None:
        self._runner = runner
        self._conflict_seconds = conflict_seconds

    async def run(self, body: ChunkBody[OutcomeT], *, commit: bool = True) -> Sequence[OutcomeT]:
        return await self._runner.run(body, commit=commit, conflict_seconds=self._conflict_seconds)
