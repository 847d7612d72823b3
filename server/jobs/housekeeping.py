"""Ends what a crash has left unended, and takes away what has outlived its use."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.batch.completion import Completion
from server.domain.idempotency import KEYS_LAST
from server.mongo.batch_operations import BatchOperations
from server.mongo.batch_removal import BatchRemoval

MOST_BATCHES = 100  # in one pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Housekeeping:
    """Any number of processes may do it at once: each step is guarded, or can be done twice."""

    operations: BatchOperations
    completion: Completion
    removal: BatchRemoval
    clock: Callable[[], datetime]
    batches_last: timedelta

    async def run_once(self) -> bool:
        """One pass; False, for there is no hurry to begin another.

        Raises:
            StoreError: the database did not answer.
        """
        for batch in await self.operations.unfinished(MOST_BATCHES):
            if not await self.completion.check(batch.id):
                await self.completion.watch(batch.id)
        for batch_id in await self.operations.abandon():
            await self.removal.remove(batch_id)
        now = self.clock()
        await self.operations.free_old_keys(now - KEYS_LAST)
        for batch_id in await self.operations.outlived(
            now, batches_last=self.batches_last, keys_last=KEYS_LAST, limit=MOST_BATCHES
        ):
            await self.removal.remove(batch_id)
        return False
