"""A line of executions that wait."""

import asyncio
from collections import OrderedDict, deque
from typing import Protocol

Waiter = asyncio.Future[None]


class Execution(Protocol):
    """An execution, by identity."""

    @property
    def caller(self) -> str: ...


class Line:
    """Waiters. Callers alternate, then the executions of a caller, and then its waiters go in order.

    So a small answer is soon complete beside many large ones.
    """

    def __init__(self) -> None:
        self._callers: OrderedDict[str, OrderedDict[Execution, deque[Waiter]]] = OrderedDict()

    def join(self, execution: Execution) -> Waiter:
        """Return a new waiter at the end."""
        waiter: Waiter = asyncio.get_running_loop().create_future()
        executions = self._callers.setdefault(execution.caller, OrderedDict())
        executions.setdefault(execution, deque()).append(waiter)
        return waiter

    def wake(self) -> bool:
        """Wake who is next; return whether there was anybody."""
        while self._callers:
            caller, executions = self._callers.popitem(last=False)
            execution, waiters = executions.popitem(last=False)
            waiter = waiters.popleft()
            if waiters:
                executions[execution] = waiters
            if executions:
                self._callers[caller] = executions
            if not waiter.done():  # it is if its task was cancelled
                waiter.set_result(None)
                return True
        return False
