"""The batches that hold idempotency keys."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from server.batches.idempotency.content import Content
from server.batches.idempotency.key import KEYS_LAST, spellings
from server.domain.batch_state import HIDDEN, BatchState
from server.domain.errors import KeyInUse, KeyReused
from server.domain.stored_batch import StoredBatch
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.removal import BatchRemoval

PATIENCE_SECONDS = 10.0  # to wait for the first request with the same key
LOOK_AGAIN_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKeys:
    """Looks up and frees keys. A key is unique in the database, so one batch at most holds it."""

    batches: BatchReads
    removal: BatchRemoval
    clock: Callable[[], datetime]
    patience_seconds: float = PATIENCE_SECONDS

    async def is_held(self, created_by: str, key: str) -> bool:
        """Return whether a batch holds the key. Free a key that has outlived its use.

        Its batch ended more than `KEYS_LAST` ago, or its submission was never completed.
        """
        found = await self.batches.with_key(created_by, spellings(key))
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

    async def holder(
        self, created_by: str, key: str, content: Content
    ) -> tuple[StoredBatch, BatchState]:
        """Wait until the batch that holds the key is stored whole; return it and its state.

        Raises:
            KeyReused: the batch is that of another request.
            KeyInUse: the batch is still being stored when the patience ends.
        """
        until = time.monotonic() + self.patience_seconds
        while True:
            found = await self.batches.with_key(created_by, spellings(key))
            if found is not None and found[1] not in HIDDEN:
                if not content.is_that_of(found[0].content):
                    raise KeyReused(
                        "This idempotency key was used for another request: use a new one, or send "
                        "that request again as it was."
                    )
                return found
            if found is None or time.monotonic() >= until:
                break
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        raise in_use()


def in_use() -> KeyInUse:
    """Return the refusal of a request whose key belongs to one that has not ended."""
    return KeyInUse(
        "The first request with this idempotency key has not ended yet: send it again a little "
        "later, with the same key."
    )
