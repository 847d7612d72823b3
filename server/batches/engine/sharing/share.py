"""The share of the process that one batch may take, so that others get through beside it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from server.domain.errors import DatabaseUnavailable
from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed, Outcome


class Share:
    """The slots of one batch, and the outage that one of its chunks has met, if any."""

    def __init__(self, chunks: int) -> None:
        self._slots = asyncio.Semaphore(chunks)
        self.outage: DatabaseUnavailable | None = None

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait until the batch has fewer chunks under way than its share."""
        async with self._slots:
            yield

    def learn_from(self, outcomes: Sequence[Outcome]) -> None:
        """Remember an outage: one chunk has waited its whole deadline, and the next need not."""
        if any(_has_met_an_outage(outcome) for outcome in outcomes):
            self.outage = DatabaseUnavailable("another chunk of the batch found no database")


def _has_met_an_outage(outcome: Outcome) -> bool:
    return isinstance(outcome, Failed) and outcome.error.code is ItemErrorCode.UNAVAILABLE
