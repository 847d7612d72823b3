"""Keeps one transaction apart from all others of the process, so that a death has one suspect."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Quarantine:
    """Lets the transactions of stored chunks run side by side, or one of them alone.

    One that must be alone waits until the others have ended; those that come later wait for it.
    """

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self._together = 0
        self._want_alone = 0
        self._is_alone = False

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Run the block beside others."""
        await self._until(lambda: not (self._is_alone or self._want_alone))
        self._together += 1
        try:
            yield
        finally:
            self._together -= 1
            self._tell()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Run the block alone: it waits for the others, and they wait for it."""
        self._want_alone += 1
        try:
            await self._until(lambda: not (self._is_alone or self._together))
            self._is_alone = True
        finally:
            self._want_alone -= 1
            self._tell()
        try:
            yield
        finally:
            self._is_alone = False
            self._tell()

    async def _until(self, is_free: Callable[[], bool]) -> None:
        while not is_free():
            await self._changed.wait()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
