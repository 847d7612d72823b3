"""Ends what a crash has left unended."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.batch.completion import Completion
from server.domain.batch_metrics import SLOW_SECONDS
from server.domain.errors import UnexpectedStoreError
from server.mongo.batch_removal import BatchRemoval
from server.mongo.batch_states import BatchStates

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Housekeeping:
    """Any number of processes may do it at once: each step is guarded, or can be done twice."""

    states: BatchStates
    completion: Completion
    removal: BatchRemoval
    clock: Callable[[], datetime]

    async def run_once(self) -> bool:
        """One pass; False, for there is no hurry to begin another.

        Raises:
            StoreError: the database did not answer.
        """
        slow_since = self.clock() - timedelta(seconds=SLOW_SECONDS)
        for batch_id in await self.states.under_way(slow_since):
            try:
                if not await self.completion.check(batch_id):
                    await self.completion.watch(batch_id)
            except UnexpectedStoreError:  # the others are not to suffer for it
                log.exception("A batch could not be ended", extra={"batch_id": batch_id})
        for batch_id in await self.removal.abandon():
            await self.removal.remove(batch_id)
        return False
