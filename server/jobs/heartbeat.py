"""The sign of life of a worker."""

import logging
from dataclasses import dataclass

from server.domain.errors import StoreError
from server.jobs.worker import Worker
from server.mongo.batches.workers import Workers

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Tells the others that the worker lives, for as long as it looks for work."""

    worker: Worker
    workers: Workers

    async def run_once(self) -> bool:
        """Give a sign of life, unless the worker is stuck. Return False: there is no more to do.

        Raises:
            StoreError: the database did not answer.
        """
        if self.worker.is_alive:
            await self.workers.beat(self.worker.name)
        return False

    async def end(self) -> None:
        """Tell the others that the worker has ended on purpose."""
        try:
            await self.workers.leave(self.worker.name)
        except StoreError as error:  # it is silent from now on, which says the same later
            log.debug("The end of the worker was not noted: %s", error)
