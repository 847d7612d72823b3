"""A look at the queue, for the metrics and for whoever asks whether the server is ready."""

from dataclasses import dataclass

from server.domain.queue_state import QueueState
from server.mongo.batches.queue import ChunkQueue
from server.mongo.batches.workers import Workers


@dataclass(frozen=True, slots=True)
class QueueWatch:
    """Reads what waits, and how many workers live."""

    queue: ChunkQueue
    workers: Workers

    async def state(self) -> QueueState:
        """Return the state of the queue at about this moment.

        Raises:
            StoreError: the database did not answer.
        """
        return QueueState(depth=await self.queue.depth(), workers=await self.workers.seen())
