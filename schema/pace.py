"""The pace of executions: how long they may hold the event loop at a time."""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

_TURN_SECONDS: Final = 0.005

_Waiters = deque[asyncio.Future[None]]


class Turns:
    """Shares out the time of the event loop among the lists of all executions of a process.

    All that run between two looks at the network share one turn, because the loop runs whatever is
    ready before it looks again: fifteen lists of 5 ms each would hold it for 75. Of those that wait
    for a turn, one begins after each look: callers alternate, and so do the executions of a caller
    and then its lists, so that a small answer is soon complete beside many large ones.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._began: float | None = None
        self._will_end = False
        self._waiting: OrderedDict[str, OrderedDict[Pace, _Waiters]] = OrderedDict()

    def is_over(self) -> bool:
        """Return whether the turn is over. The first call of a turn begins it."""
        if self._began is None:
            self._began = self._clock()
            self._end_soon()
            return False
        return self._clock() - self._began >= _TURN_SECONDS

    async def wait(self, pace: "Pace") -> None:
        """Wait for a turn, and begin it."""
        waiter = asyncio.get_running_loop().create_future()
        executions = self._waiting.setdefault(pace.caller, OrderedDict())
        executions.setdefault(pace, deque()).append(waiter)
        await waiter
        self._began = self._clock()
        self._end_soon()

    def _end_soon(self) -> None:
        """End the turn when the loop has looked at the network."""
        if not self._will_end:
            self._will_end = True
            asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        """End the turn, and wake who is next."""
        self._began, self._will_end = None, False
        waiter = self._next()
        if waiter is not None:
            waiter.set_result(None)
            self._end_soon()

    def _next(self) -> asyncio.Future[None] | None:
        while self._waiting:
            caller, executions = self._waiting.popitem(last=False)
            pace, waiters = executions.popitem(last=False)
            waiter = waiters.popleft()
            if waiters:
                executions[pace] = waiters
            if executions:
                self._waiting[caller] = executions
            if not waiter.done():  # it is if its task was cancelled
                return waiter
        return None


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
