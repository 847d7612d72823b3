"""Tells subscribers of a batch's progress, wherever it is made.

One change stream for the whole process, however many subscribe. The driver takes it up again after
an election; if it cannot, a new one begins, and everybody looks once more.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress

from server.batches.engine.in_flight import cancel_until_done
from server.domain.batch_progress import BatchProgress
from server.domain.errors import BadInput, StoreError
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.changes import BatchChanges

log = logging.getLogger(__name__)

AT_MOST_EVERY_SECONDS = 0.1
LOOK_AGAIN_SECONDS = 5.0  # though no change was told: better late than never
_PAUSE_SECONDS = 1.0  # before a stream that broke begins anew


class ProgressFeed:
    """It listens for as long as somebody watches."""

    def __init__(self, batches: BatchReads, changes: BatchChanges) -> None:
        self._batches = batches
        self._changes = changes
        self._watchers: dict[str, set[asyncio.Event]] = {}
        self._listening: asyncio.Task[None] | None = None

    async def watch(self, batch_id: str) -> AsyncGenerator[BatchProgress, None]:
        """The batch as it is now, and after each change; the last one is final.

        Changes that come close together are told as one.

        Raises:
            BadInput: there is no such batch.
        """
        changed = asyncio.Event()
        async with self._told(batch_id, changed):
            last: BatchProgress | None = None
            while True:
                changed.clear()
                batch = await self._look(batch_id, last, changed)
                if batch != last:
                    last = batch
                    yield batch
                if batch.state.is_final:
                    return
                await asyncio.sleep(AT_MOST_EVERY_SECONDS)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                        await changed.wait()

    async def close(self) -> None:
        """Stop listening."""
        listening, self._listening = self._listening, None
        if listening is not None:
            await cancel_until_done(listening)

    async def _look(
        self, batch_id: str, last: BatchProgress | None, changed: asyncio.Event
    ) -> BatchProgress:
        """A database that does not answer just now is no reason to end a subscription.

        Nor one that answers with what was: right after an election, the new primary may not know
        yet that a majority has what its predecessor told.
        """
        try:
            batch = await self._batches.by_id(batch_id)
        except StoreError:
            if last is None:
                raise
            changed.set()  # look again soon
            return last
        if batch is None:
            raise BadInput(f"There is no batch {batch_id}.")
        if last is not None and batch.precedes(last):
            changed.set()
            return last
        return batch

    @asynccontextmanager
    async def _told(self, batch_id: str, changed: asyncio.Event) -> AsyncIterator[None]:
        self._watchers.setdefault(batch_id, set()).add(changed)
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            self._watchers[batch_id].discard(changed)
            if not self._watchers[batch_id]:
                del self._watchers[batch_id]
            if not self._watchers:
                await self.close()

    async def _listen(self) -> None:
        while True:
            try:
                async with aclosing(self._changes.stream()) as changes:
                    async for batch_id in changes:
                        self._tell(batch_id)
            except StoreError as error:
                log.warning("The stream of changes broke; it begins anew: %s", error)
            except Exception:  # a bug: whoever watches looks now and then all the same
                log.exception("The stream of changes broke; it begins anew")
            await asyncio.sleep(_PAUSE_SECONDS)

    def _tell(self, batch_id: str | None) -> None:
        """None: something may have been missed, so everybody looks."""
        told = [batch_id] if batch_id is not None else list(self._watchers)
        for one in told:
            for changed in self._watchers.get(one, ()):
                changed.set()
