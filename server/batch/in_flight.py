"""Work that must not be cut off: a chunk that has begun ends, whoever stops waiting for it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class InFlight:
    """Runs each coroutine in a task of its own, shielded from the cancellation of its caller."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`. If the caller is cancelled meanwhile, `work` goes on to its end."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def drain(self) -> None:
        """Return when nothing is in flight any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)
