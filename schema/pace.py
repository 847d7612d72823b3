"""The pace of one execution: how long it may hold the event loop at a time."""

import asyncio
import time
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final

_TURN_SECONDS: Final = 0.005
_WOKEN_AT_ONCE: Final = 32  # waiters; a thousand that wake in vain take milliseconds themselves


class Pace:
    """Shares out the time of the event loop among the lists of one execution.

    All that run between two looks at the network share one turn, because the loop runs whatever is
    ready before it looks again: fifteen lists of 5 ms each would hold it for 75.
    """

    __slots__ = ("_began", "_clock", "_tickets", "_waiting", "_will_end")

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._began: float | None = None
        self._will_end = False
        self._tickets = 0
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    def is_over(self) -> bool:
        """Return whether the turn is over. The first call of a turn begins it."""
        if self._began is None:
            self._began = self._clock()
            self._end_soon()
            return False
        return self._clock() - self._began >= _TURN_SECONDS

    async def turn(self) -> None:
        """Wait until there is time in a turn: first come, first served."""
        self._tickets += 1
        ticket = self._tickets
        while self.is_over():
            waiter = asyncio.get_running_loop().create_future()
            heappush(self._waiting, (ticket, waiter))
            await waiter

    def _end_soon(self) -> None:
        """End the turn when the loop has looked at the network."""
        if not self._will_end:
            self._will_end = True
            asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        """Wake those who have waited for longest."""
        self._began, self._will_end = None, False
        for _ in range(min(len(self._waiting), _WOKEN_AT_ONCE)):
            _, waiter = heappop(self._waiting)
            if not waiter.done():  # it is if its task was cancelled
                waiter.set_result(None)
        if self._waiting:
            self._end_soon()
