"""A look at the whole system, for administrators."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.batches.stored.queue_watch import QueueWatch
from server.domain.queue_state import QueueState
from server.domain.system_state import DatabaseState, ServerFacts, WorkerState
from server.mongo.database_watch import DatabaseWatch


@dataclass(frozen=True, slots=True)
class SystemWatch:
    """Reads what waits, who works, and how the database does; `facts` are those of the server."""

    facts: ServerFacts
    queue: QueueWatch
    database: DatabaseWatch

    async def state(self) -> tuple[DatabaseState, QueueState, Sequence[WorkerState]]:
        """Return the states of the database and the queue, and the workers seen lately.

        Raises:
            StoreError: the database did not answer.
        """
        return (
            await self.database.state(),
            await self.queue.state(),
            await self.queue.workers.states(),
        )
