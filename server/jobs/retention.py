"""Removes batches that ended long ago, and frees old idempotency keys."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.batches.idempotency.key import KEYS_LAST
from server.mongo.batches.removal import BatchRemoval

MOST_BATCHES = 100  # that one pass removes


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Removes a batch `batches_last` after its end. Its rows of the ledger stay."""

    removal: BatchRemoval
    clock: Callable[[], datetime]
    batches_last: timedelta

    async def run_once(self) -> bool:
        """Do one pass, and return whether there may be more to remove.

        Raises:
            StoreError: the database did not answer.
        """
        now = self.clock()
        await self.removal.free_old_keys(now - KEYS_LAST)
        outlived = await self.removal.outlived(
            now, batches_last=self.batches_last, keys_last=KEYS_LAST, limit=MOST_BATCHES
        )
        for batch_id in outlived:
            await self.removal.remove(batch_id)
        return len(outlived) == MOST_BATCHES
