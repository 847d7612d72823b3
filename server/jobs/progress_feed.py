"""Sends the progress of batches to subscribers, whichever process makes it.

One change stream serves all subscribers of a process. The driver resumes it after an election. If
that fails, a new stream begins, and every subscriber reads its batch once more.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress

from server.batches.engine.in_flight import cancel_until_done
from server.domain.batch_progress import BatchProgress
from server.domain.errors import BadInput, StoreError
from server.domain.place import Place
from server.domain.request_id import context_of
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.changes import BatchChanges
from server.mongo.connection.patience import Patience, current_patience, patient

log = logging.getLogger(__name__)

AT_MOST_EVERY_SECONDS = 0.1
LOOK_AGAIN_SECONDS = 5.0  # although the stream reported no change, in case it missed one
_PAUSE_SECONDS = 1.0  # before a new stream follows a broken one


class ProgressFeed:
    """Listens to changes for as long as there is a subscriber."""

    def __init__(self, batches: BatchReads, changes: BatchChanges) -> None:
        self._batches = batches
        self._changes = changes
        self._watchers: dict[str, set[asyncio.Event]] = {}
        self._listening: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def watch(
        self, batch_id: str, created_by: str | None = None, place: Place | None = None
    ) -> AsyncGenerator[BatchProgress, None]:
        """Yield the batch as it is now and after each change, until its state is final.

        Changes within `AT_MOST_EVERY_SECONDS` are yielded as one, and so are those that come while
        the subscriber works on the one before or waits for its `place`. With `created_by`, only a
        batch of that caller is seen.

        Raises:
            BadInput: there is no such batch.
        """
        changed = asyncio.Event()
        async with self._notified(batch_id, changed):
            last: BatchProgress | None = None
            while True:
                if place is not None:
                    await place.resume()
                changed.clear()
                batch = await self._read(batch_id, created_by, last, changed)
                if batch != last:
                    last = batch
                    yield batch
                if place is not None:
                    place.pause()
                if batch.state.is_final:
                    return
                await asyncio.sleep(AT_MOST_EVERY_SECONDS)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                        await changed.wait()

    @property
    def subscribers(self) -> int:
        """Return how many subscriptions are open."""
        return sum(map(len, self._watchers.values()))

    async def close(self) -> None:
        """Stop listening. A caller that is cancelled in here leaves the rest to the next one."""
        listening, self._listening = self._listening, None
        if listening is not None:
            self._ending.add(listening)
            listening.add_done_callback(self._ending.discard)
        for ending in list(self._ending):
            await cancel_until_done(ending)

    async def _read(
        self,
        batch_id: str,
        created_by: str | None,
        last: BatchProgress | None,
        changed: asyncio.Event,
    ) -> BatchProgress:
        """Return the batch as it is; `last`, to be read again soon, if there is nothing newer.

        A database that does not answer for a moment must not end a subscription. And right after
        an election a new primary may return an older state than its predecessor did.

        Raises:
            BadInput: there is no such batch.
            StoreError: the database did not answer the first read.
        """
        try:
            with patient(_renewed()):
                batch = await self._batches.by_id(batch_id, created_by)
        except StoreError:
            if last is None:
                raise
            changed.set()  # read again soon
            return last
        if batch is None:
            raise BadInput(f"There is no batch {batch_id}.")
        if last is not None and batch.precedes(last):
            changed.set()
            return last
        return batch

    @asynccontextmanager
    async def _notified(self, batch_id: str, changed: asyncio.Event) -> AsyncIterator[None]:
        """Set `changed` at each change of the batch, until the block ends."""
        self._watchers.setdefault(batch_id, set()).add(changed)
        if self._listening is None:
            # It serves all subscribers, not only the request that came first.
            self._listening = asyncio.create_task(self._listen(), context=context_of(None))
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
                        self._notify(batch_id)
            except StoreError as error:
                log.warning("The stream of changes broke; it begins anew: %s", error)
            except Exception:  # a bug: subscribers read every `LOOK_AGAIN_SECONDS` all the same
                log.exception("The stream of changes broke; it begins anew")
            await asyncio.sleep(_PAUSE_SECONDS)

    def _notify(self, batch_id: str | None) -> None:
        """Notify the subscribers of a batch; of all if it is None: changes may have been missed."""
        batch_ids = [batch_id] if batch_id is not None else list(self._watchers)
        for changed_id in batch_ids:
            for changed in self._watchers.get(changed_id, ()):
                changed.set()


def _renewed() -> Patience | None:
    """Return new patience for a subscription, which outlives an outage."""
    patience = current_patience()
    return None if patience is None else patience.renewed()
