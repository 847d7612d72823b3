"""All loops that work on stored batches, together: if a bug ends one of them, all end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from server.domain.queue_state import HEARTBEAT_SECONDS
from server.jobs.heartbeat import Heartbeat
from server.jobs.housekeeping import Housekeeping
from server.jobs.publisher import Publisher
from server.jobs.retention import Retention
from server.jobs.side_task import repeat
from server.jobs.worker import Worker

log = logging.getLogger(__name__)

HOUSEKEEPING_SECONDS = 2.0
RETENTION_SECONDS = 60.0
PUBLISHING_SECONDS = 0.5
_FAREWELL_SECONDS = 0.5
PATIENCE_SECONDS = 22.0  # a transaction ends within 20 s; the process within 25


class _SideTask(NamedTuple):
    """`name` begins a sentence of the log; `once` does a pass, and returns whether to go on."""

    name: str
    once: Callable[[], Awaitable[bool]]
    pause_seconds: float


class Background:
    """Runs the worker and the side tasks.

    `publisher` is None if the server has no receiver, and `heartbeat` if nobody is to know of the
    worker.
    """

    def __init__(
        self,
        worker: Worker,
        housekeeping: Housekeeping,
        retention: Retention,
        publisher: Publisher | None,
        heartbeat: Heartbeat | None = None,
    ) -> None:
        self._worker = worker
        self._publisher = publisher
        self._heartbeat = heartbeat
        self._stopping = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._side_tasks = [
            _SideTask("The housekeeping of batches", housekeeping.run_once, HOUSEKEEPING_SECONDS),
            _SideTask("The removal of old batches", retention.run_once, RETENTION_SECONDS),
        ]
        if heartbeat is not None:
            beating = _SideTask("The sign of life", heartbeat.run_once, HEARTBEAT_SECONDS)
            self._side_tasks.append(beating)
        if publisher is not None:
            publishing = _SideTask(
                "The publication of items", publisher.run_once, PUBLISHING_SECONDS
            )
            self._side_tasks.append(publishing)

    @property
    def is_alive(self) -> bool:
        """Return whether the loops run, and the worker is not stuck."""
        return bool(self._running and not self._running.done()) and self._worker.is_alive

    @asynccontextmanager
    async def running(
        self, patience_seconds: Callable[[], float] = lambda: PATIENCE_SECONDS
    ) -> AsyncIterator[None]:
        """Run until the end of the block, then give the work under way so long to end.

        Chunks that have not ended by then are left to other workers, which claim them when the
        leases run out.
        """
        self._running = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self.stop()
            await asyncio.wait({self._running}, timeout=patience_seconds())
            if not self._running.done():
                log.warning("The worker did not end in time; its chunks are left to others")
                self._running.cancel()
                await asyncio.wait({self._running}, timeout=1)
            await self._end_heartbeat()

    async def _end_heartbeat(self) -> None:
        """Tell the others that this worker has ended, if the database answers soon."""
        if self._heartbeat is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL_SECONDS):
                    await self._heartbeat.end()

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopping.set()
        self._worker.stop()
        if self._publisher is not None:
            self._publisher.stop()

    async def finished(self, seconds: float) -> None:
        """Return when what was under way has ended after `stop`, or after so many seconds."""
        if self._running is not None:
            await asyncio.wait({self._running}, timeout=seconds)

    async def ended(self) -> None:
        """Return when a bug has ended the loops; never if they were stopped on purpose."""
        if self._running is None:
            return
        await asyncio.wait({self._running})
        if self._stopping.is_set():
            await asyncio.Event().wait()
        if not self._running.cancelled() and self._running.exception() is not None:
            log.critical("The worker has ended.", exc_info=self._running.exception())

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._worker.run())
            for task in self._side_tasks:
                group.create_task(
                    repeat(
                        task.once, self._stopping, pause_seconds=task.pause_seconds, name=task.name
                    )
                )
