"""Idempotency keys: which request a key stands for."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from server.batches.idempotency.content import Content
from server.batches.idempotency.key import KEYS_LAST
from server.domain.batch_state import HIDDEN
from server.domain.errors import KeyInUse, KeyReused
from server.domain.stored_batch import StoredBatch
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.removal import BatchRemoval

PATIENCE_SECONDS = 10.0  # with a request whose first sending is still under way
LOOK_AGAIN_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKeys:
    """The key is unique in the database: whoever stores its batch first has it."""

    batches: BatchReads
    removal: BatchRemoval
    clock: Callable[[], datetime]
    patience_seconds: float = PATIENCE_SECONDS

    async def is_held(self, created_by: str, key: str) -> bool:
        """Whether a batch has the key. If nobody can have a use for it any more, it is freed: its
        batch is old, or was never wholly stored.
        """
        found = await self.batches.with_key(created_by, key)
        if found is None:
            return False
        batch, state = found
        if state.is_final and batch.created_at < self.clock() - KEYS_LAST:
            await self.removal.release_key(batch.id)
        elif state in HIDDEN and await self.removal.abandon(batch.id):
            await self.removal.remove(batch.id)
        else:
            return True
        return False

    async def holder(self, created_by: str, key: str, content: Content) -> StoredBatch:
        """The batch that has the key, once all of it is stored.

        Raises:
            KeyReused: it is another request's.
            KeyInUse: it is being stored, and longer than one waits.
        """
        until = time.monotonic() + self.patience_seconds
        while True:
            found = await self.batches.with_key(created_by, key)
            if found is not None and found[1] not in HIDDEN:
                batch, _ = found
                if not content.is_that_of(batch.content):
                    raise KeyReused(
                        "This idempotency key was used for another request: use a new one, or send "
                        "that request again as it was."
                    )
                return batch
            if found is None or time.monotonic() >= until:
                break
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        raise in_use()


def in_use() -> KeyInUse:
    return KeyInUse(
        "The first request with this idempotency key has not ended yet: send it again a little "
        "later, with the same key."
    )
