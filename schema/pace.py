"""The pace of executions: how long they may hold the event loop at a time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from schema.line import Line

_TURN_SECONDS: Final = 0.005
_LARGE_PAGE: Final = 100  # entries
_READ_AT_ONCE: Final = 2  # large pages: the database works on one while the other is converted


class Turns:
    """Shares out the time of the event loop among the lists of all executions of a process.

    All that run between two looks at the network share one turn, because the loop runs whatever is
    ready before it looks again: fifteen lists of 5 ms each would hold it for 75. Of those that wait
    for a turn, one begins after each look.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._began: float | None = None
        self._will_end = False
        self._waiting = Line()
        self._readers = Line()
        self._reading = 0

    def is_over(self) -> bool:
        """Return whether the turn is over. The first call of a turn begins it."""
        if self._began is None:
            self._began = self._clock()
            self._end_soon()
            return False
        return self._clock() - self._began >= _TURN_SECONDS

    async def wait(self, pace: "Pace") -> None:
        """Wait for a turn, and begin it."""
        await self._waiting.join(pace)
        self._began = self._clock()
        self._end_soon()

    async def begin_to_read(self, pace: "Pace") -> None:
        """Wait until few enough large pages are read; `end_reading` must follow.

        The driver decodes them in threads, each of which takes turns with the event loop.
        """
        if self._reading < _READ_AT_ONCE:
            self._reading += 1
            return
        waiter = self._readers.join(pace)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():  # it began in the same moment
                self.end_reading()
            raise

    def end_reading(self) -> None:
        """Let the next one read."""
        if not self._readers.wake():
            self._reading -= 1

    def _end_soon(self) -> None:
        """End the turn when the loop has looked at the network."""
        if not self._will_end:
            self._will_end = True
            asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        """End the turn, and wake who is next."""
        self._began, self._will_end = None, False
        if self._waiting.wake():
            self._end_soon()


class Pace:
    """The pace of one execution, for a caller."""

    __slots__ = ("_turns", "caller")

    def __init__(self, turns: Turns, caller: str = "") -> None:
        self._turns = turns
        self.caller = caller

    def is_over(self) -> bool:
        """Return whether others must have their turns before the execution goes on."""
        return self._turns.is_over()

    async def turn(self) -> None:
        """Wait until there is time in a turn."""
        if self._turns.is_over():
            await self._turns.wait(self)

    @asynccontextmanager
    async def reading(self, entries: int) -> AsyncIterator[None]:
        """Read a page of so many entries in the block, and then wait for a turn to show it."""
        if entries <= _LARGE_PAGE:
            yield
        else:
            await self._turns.begin_to_read(self)
            try:
                yield
            finally:
                self._turns.end_reading()
        await self.turn()
