"""What runs beside the requests, together: if one part ends by a bug, all end, loudly."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from server.jobs.housekeeping import Housekeeping
from server.jobs.publisher import Publisher
from server.jobs.retention import Retention
from server.jobs.side_task import repeat
from server.jobs.worker import Worker

log = logging.getLogger(__name__)

HOUSEKEEPING_SECONDS = 2.0
RETENTION_SECONDS = 60.0
PUBLISHING_SECONDS = 0.5
PATIENCE_SECONDS = 22.0  # a transaction ends within 20 s; the process within 25


class _SideTask(NamedTuple):
    name: str
    once: Callable[[], Awaitable[bool]]
    pause_seconds: float


class Background:
    """`publisher` is None where there is no receiver of prices."""

    def __init__(
        self,
        worker: Worker,
        housekeeping: Housekeeping,
        retention: Retention,
        publisher: Publisher | None,
    ) -> None:
        self._worker = worker
        self._publisher = publisher
        self._stopping = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._side_tasks = [
            _SideTask("The housekeeping of batches", housekeeping.run_once, HOUSEKEEPING_SECONDS),
            _SideTask("The removal of old batches", retention.run_once, RETENTION_SECONDS),
        ]
        if publisher is not None:
            publishing = _SideTask(
                "The publication of prices", publisher.run_once, PUBLISHING_SECONDS
            )
            self._side_tasks.append(publishing)

    @property
    def is_alive(self) -> bool:
        """Whether it runs, and still gets on."""
        return bool(self._running and not self._running.done()) and self._worker.is_alive

    @asynccontextmanager
    async def running(
        self, patience_seconds: Callable[[], float] = lambda: PATIENCE_SECONDS
    ) -> AsyncIterator[None]:
        """Until the end of the block; then what is under way has so long to end.

        What has not is given up: its lease runs out, and another worker takes it over.
        """
        self._running = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self.stop()
            await asyncio.wait({self._running}, timeout=patience_seconds())
            if not self._running.done():
                log.warning("The worker does not come to an end; its chunks are left to others")
                self._running.cancel()
                await asyncio.wait({self._running}, timeout=1)

    def stop(self) -> None:
        self._stopping.set()
        self._worker.stop()
        if self._publisher is not None:
            self._publisher.stop()

    async def ended(self) -> None:
        """Return when it has ended by itself, which it does only by a bug."""
        if self._running is None:
            return
        await asyncio.wait({self._running})
        if self._stopping.is_set():
            await asyncio.Event().wait()  # it was told to
        if not self._running.cancelled() and self._running.exception() is not None:
            log.critical("The worker has ended.", exc_info=self._running.exception())

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as together:
            together.create_task(self._worker.run())
            for one in self._side_tasks:
                together.create_task(
                    repeat(one.once, self._stopping, pause_seconds=one.pause_seconds, what=one.name)
                )
