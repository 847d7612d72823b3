"""Ends the batches and submissions that a crash has left unfinished."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.batches.stored.completion import Completion
from server.batches.stored.metrics import SLOW_SECONDS, BatchAlertKind
from server.domain.errors import UnexpectedStoreError
from server.domain.log_fields import logged_with
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.removal import BatchRemoval

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Housekeeping:
    """Does what a dead process can no longer do. Any number of processes may run it at once."""

    batches: BatchReads
    completion: Completion
    removal: BatchRemoval
    clock: Callable[[], datetime]

    async def run_once(self) -> bool:
        """Do one pass, and return False: there is no hurry to begin another.

        Raises:
            StoreError: the database did not answer.
        """
        slow_since = self.clock() - timedelta(seconds=SLOW_SECONDS)
        for batch_id in await self.batches.under_way(slow_since, BatchAlertKind.SLOW.value):
            with logged_with({"batch_id": batch_id}):
                await self._end(batch_id)
        for batch_id in await self.removal.abandon():
            with logged_with({"batch_id": batch_id}):
                await self.removal.remove(batch_id)
        await self.removal.clear_dry_runs()
        return False

    async def _end(self, batch_id: str) -> None:
        """End the batch if all its chunks are done, or tell that it is slow."""
        try:
            if not await self.completion.check(batch_id):
                await self.completion.raise_alerts(batch_id)
        except UnexpectedStoreError:  # a fault of this batch must not keep others from ending
            log.exception("A batch could not be ended")
