"""What one batch may take of the process, so that others get through beside it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from server.domain.errors import DatabaseUnavailable
from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed, Outcome


class Share:
    """A number of chunks at a time; and none any more once the database has not answered one."""

    def __init__(self, chunks: int) -> None:
        self._places = asyncio.Semaphore(chunks)
        self.outage: DatabaseUnavailable | None = None

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for one of this batch's own chunks to end, if it has enough under way."""
        async with self._places:
            yield

    def learn_from(self, outcomes: Sequence[Outcome]) -> None:
        """A chunk has waited for its whole deadline: those behind it need not do so again."""
        if any(_has_met_an_outage(outcome) for outcome in outcomes):
            self.outage = DatabaseUnavailable("another chunk of the batch found no database")


def _has_met_an_outage(outcome: Outcome) -> bool:
    return isinstance(outcome, Failed) and outcome.error.code is ItemErrorCode.UNAVAILABLE
