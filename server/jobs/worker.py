"""The loop that runs stored batches: claim a chunk, run it, end its batch if it was the last."""

import asyncio
import gc
import logging
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

from server.batches.stored.claimed_chunks import ClaimedChunks, Done
from server.batches.stored.completion import Completion
from server.domain.errors import StoreError
from server.domain.log_fields import logged_with
from server.jobs.memory import Memory

log = logging.getLogger(__name__)

POLL_SECONDS = 0.25  # between two looks at an empty queue
STUCK_SECONDS = 60.0  # a pass takes 20 s at most, and 15 more if a commit is in doubt


class _PollingTurn:
    """The turn of one idle slot to poll the queue. Only one slot polls at a time."""

    def __init__(self, lock: asyncio.Lock) -> None:
        self._lock = lock
        self._is_held = False

    async def __aenter__(self) -> None:
        await self._lock.acquire()
        self._is_held = True

    async def __aexit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Let the next idle slot poll; doing it again changes nothing."""
        if self._is_held:
            self._is_held = False
            self._lock.release()


class Worker:
    """Runs up to `concurrency` chunks at a time, and holds no other chunk in memory.

    Any number of workers may run, on any number of machines: a lease in the database decides which
    of them runs a chunk.
    """

    def __init__(
        self,
        chunks: ClaimedChunks,
        completion: Completion,
        memory: Memory,
        *,
        concurrency: int,
        name: str = "",
    ) -> None:
        self.name = name or f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:6]}"
        self._chunks = chunks
        self._completion = completion
        self._memory = memory
        self._concurrency = concurrency
        self._stopping = asyncio.Event()
        self._woken = asyncio.Event()
        self._polling = asyncio.Lock()
        self._polled = time.monotonic()
        self._was_over_limit = False

    def wake(self) -> None:
        """Poll the queue at once: there is a new chunk."""
        self._woken.set()

    def stop(self) -> None:
        """Claim no other chunk. `run` returns once the claimed chunks have ended."""
        self._stopping.set()
        self._woken.set()

    @property
    def is_alive(self) -> bool:
        """Return whether the worker has polled lately; it does not while it lacks memory."""
        return time.monotonic() - self._polled < STUCK_SECONDS

    async def run(self) -> None:
        """Run chunks until the worker is stopped.

        Raises:
            ExceptionGroup: a bug, which ends the process.
        """
        async with asyncio.TaskGroup() as slots:
            for _ in range(self._concurrency):
                slots.create_task(self._run_slot())

    async def run_once(self, on_claim: Callable[[], None] = lambda: None) -> bool:
        """Claim one chunk and run it, and return whether there was one.

        `on_claim` is called once a chunk is claimed.

        Raises:
            StoreError: the database did not answer, and nothing was claimed.
        """
        if self._is_over_its_limit():
            return False
        self._polled = time.monotonic()
        run = await self._chunks.run_next(self.name, on_claim=on_claim)
        if run is None:
            return False
        batch = run.end.batch if isinstance(run.end, Done) else None
        with logged_with({"batch_id": run.batch_id}):
            try:
                await self._completion.check(run.batch_id, batch)
            except StoreError as error:  # the next chunk or the housekeeping looks again
                log.warning("Whether a batch has ended is not known yet: %s", error)
                return False
        return True

    async def _run_slot(self) -> None:
        """Run one chunk after the other, until the worker is stopped."""
        while not self._stopping.is_set():
            turn = _PollingTurn(self._polling)
            async with turn:
                if self._stopping.is_set():
                    return
                if await self._poll(turn.end):
                    self._woken.set()  # the next chunk of the same lane can be claimed now
                else:
                    await self._pause()

    async def _poll(self, on_claim: Callable[[], None]) -> bool:
        """Run the next chunk, and return whether there was one; log an error of the database."""
        self._woken.clear()
        try:
            return await self.run_once(on_claim)
        except StoreError as error:
            log.warning("No chunk could be claimed; trying again: %s", error)
            return False

    async def _pause(self) -> None:
        """Wait until the queue is worth another look."""
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._woken.wait()

    def _is_over_its_limit(self) -> bool:
        """Return whether the process is over its memory limit, and log the first time."""
        is_over = self._memory.is_over_its_limit()
        if is_over and not self._was_over_limit:
            gc.collect()
            is_over = self._memory.is_over_its_limit()
        if is_over and not self._was_over_limit:
            log.warning("Over the memory limit: no chunk is claimed until there is room again")
        self._was_over_limit = is_over
        return is_over
