"""Watches the chunks whose leases have run out, to tell whose fault it is if a process dies.

docs/decisions/0016-deaths-and-their-suspects.md
"""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from server.batches.stored.crashes import Part
from server.batches.stored.quarantine import Quarantine
from server.domain.death import Death
from server.domain.errors import (
    CommitUnknown,
    DatabaseUnavailable,
    LeaseLost,
    StoreError,
    WriteConflict,
)
from server.domain.stored_batch import ClaimedChunk, Lease
from server.mongo.batches.queue import ChunkQueue
from server.mongo.batches.workers import Workers
from server.mongo.connection.driver import Session

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Runs the transactions of suspected chunks alone in this process, and under a mark."""

    queue: ChunkQueue
    workers: Workers
    quarantine: Quarantine = field(default_factory=Quarantine)

    async def deaths(self, chunk: ClaimedChunk) -> Sequence[Death]:
        """Return the deaths that the chunk has to answer for.

        Raises:
            StoreError: the database did not answer.
        """
        return await self.workers.still_dead(chunk.deaths) if chunk.deaths else ()

    @asynccontextmanager
    async def watched(
        self, chunk: ClaimedChunk, part: Part, deaths: Sequence[Death], session: Session
    ) -> AsyncIterator[None]:
        """Run the block, a transaction of the part, so that the process's death accuses the part.

        A chunk whose lease has never run out is not suspected: it runs beside others and leaves no
        mark, which would cost a write. `deaths` are those that stand. An error that is nobody's
        fault but the part's counts like a death.

        Raises:
            LeaseLost: another worker holds the chunk.
            StoreError: the database did not answer.
        """
        if not chunk.crashes:
            async with self.quarantine.together(), self._noting_faults(chunk.lease, part):
                yield
            return
        async with self.quarantine.alone():
            await self.queue.mark(chunk.lease, part.first, part.last, deaths, session)
            async with self._noting_faults(chunk.lease, part):
                yield

    @asynccontextmanager
    async def _noting_faults(self, lease: Lease, part: Part) -> AsyncIterator[None]:
        try:
            yield
        except (LeaseLost, WriteConflict, DatabaseUnavailable, CommitUnknown):
            raise
        except Exception:
            try:
                await self.queue.note_fault(lease, part.first, part.last)
            except StoreError as error:
                log.warning("A fault of a chunk could not be noted: %s", error)
            raise
