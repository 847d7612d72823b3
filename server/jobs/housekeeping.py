"""Ends what a crash has left unended."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.batches.stored.completion import Completion
from server.batches.stored.metrics import SLOW_SECONDS, BatchAlertKind
from server.domain.errors import UnexpectedStoreError
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.removal import BatchRemoval

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Housekeeping:
    """Any number of processes may do it at once: each step is guarded, or can be done twice."""

    batches: BatchReads
    completion: Completion
    removal: BatchRemoval
    clock: Callable[[], datetime]

    async def run_once(self) -> bool:
        """One pass; False, for there is no hurry to begin another.

        Raises:
            StoreError: the database did not answer.
        """
        slow_since = self.clock() - timedelta(seconds=SLOW_SECONDS)
        for batch_id in await self.batches.under_way(slow_since, BatchAlertKind.SLOW.value):
            try:
                if not await self.completion.check(batch_id):
                    await self.completion.watch(batch_id)
            except UnexpectedStoreError:  # the others are not to suffer for it
                log.exception("A batch could not be ended", extra={"batch_id": batch_id})
        for batch_id in await self.removal.abandon():
            await self.removal.remove(batch_id)
        return False
