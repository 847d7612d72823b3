"""The loop that runs stored batches: claim a chunk, run it, see whether its batch has ended."""

import asyncio
import gc
import logging
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

from server.batches.stored.claimed_chunks import ClaimedChunks
from server.batches.stored.completion import Completion
from server.domain.errors import StoreError
from server.jobs.memory import Memory

log = logging.getLogger(__name__)

POLL_SECONDS = 0.25  # when there is nothing to do
STUCK_SECONDS = 60.0  # a pass takes 20 s at most, and 15 more if a commit is in doubt


class _Turn:
    """Of those who have no chunk, one looks for one, and the others wait for their turn."""

    def __init__(self, lock: asyncio.Lock) -> None:
        self._lock = lock
        self._is_ours = False

    async def __aenter__(self) -> None:
        await self._lock.acquire()
        self._is_ours = True

    async def __aexit__(self, *_: object) -> None:
        self.pass_on()

    def pass_on(self) -> None:
        """Let the next one look."""
        if self._is_ours:
            self._is_ours = False
            self._lock.release()


class Worker:
    """Runs up to `side_by_side` chunks at a time, and keeps no more than these in memory.

    Any number of workers may run, on any number of machines: the database alone says whose a chunk
    is.
    """

    def __init__(
        self,
        chunks: ClaimedChunks,
        completion: Completion,
        memory: Memory,
        *,
        side_by_side: int,
        name: str = "",
    ) -> None:
        self.name = name or f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:6]}"
        self._chunks = chunks
        self._completion = completion
        self._memory = memory
        self._side_by_side = side_by_side
        self._stopping = asyncio.Event()
        self._woken = asyncio.Event()
        self._looking = asyncio.Lock()
        self._looked = time.monotonic()
        self._was_over = False

    def wake(self) -> None:
        """There is something to do."""
        self._woken.set()

    def stop(self) -> None:
        """Claim nothing any more. `run` returns once what was claimed has ended."""
        self._stopping.set()
        self._woken.set()

    @property
    def is_alive(self) -> bool:
        """Whether it has looked for a chunk lately, which it does not while it lacks memory."""
        return time.monotonic() - self._looked < STUCK_SECONDS

    async def run(self) -> None:
        """Until it is stopped.

        Raises:
            ExceptionGroup: a bug, which ends the process that needs a worker.
        """
        async with asyncio.TaskGroup() as hands:
            for _ in range(self._side_by_side):
                hands.create_task(self._work())

    async def run_once(self, on_claim: Callable[[], None] = lambda: None) -> bool:
        """Claim one chunk and run it; whether there was one.

        Raises:
            StoreError: the database did not answer.
        """
        if self._is_over_its_limit():
            return False
        self._looked = time.monotonic()
        ran = await self._chunks.run_next(self.name, on_claim=on_claim)
        if ran is None:
            return False
        await self._completion.check(ran.batch_id)
        return True

    async def _work(self) -> None:
        """One chunk after the other."""
        while not self._stopping.is_set():
            looking = _Turn(self._looking)
            async with looking:
                if self._stopping.is_set():
                    return
                if await self._run_one(looking.pass_on):
                    self._woken.set()  # the next chunk of its lane is free now
                else:
                    await self._pause()

    async def _run_one(self, on_claim: Callable[[], None]) -> bool:
        self._woken.clear()
        try:
            return await self.run_once(on_claim)
        except StoreError as error:
            log.warning("No chunk could be claimed or ended; trying again: %s", error)
            return False

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._woken.wait()

    def _is_over_its_limit(self) -> bool:
        is_over = self._memory.is_over_its_limit()
        if is_over and not self._was_over:
            gc.collect()
            is_over = self._memory.is_over_its_limit()
        if is_over and not self._was_over:
            log.warning("Over the memory limit: no chunk is claimed until there is room again")
        self._was_over = is_over
        return is_over
