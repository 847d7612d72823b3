"""Read what callers send in threads, so that others are answered meanwhile.

Texts of queries, large bodies and large variables are read here, by Python for the most part, which
lets other threads run every 5 ms. The callers take turns.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from threading import Lock
from typing import Any, Final, TypeVar

from server.domain.errors import Overloaded

T = TypeVar("T")

# Each thread that works takes turns with the event loop. A caller has one of them at most, so that
# another does not wait until what one caller sent has been read.
_THREADS: Final = 2
_PATIENCE_SECONDS: Final = 5.0
_TOO_LONG = (
    "Too much waits to be read before this request. Nothing was done: send it again a little later."
)

_Work = Callable[[], Any]


class ReadingRoom:
    """Threads that read for callers. Of one caller they read one thing at a time."""

    def __init__(self, *, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        self._patience_seconds = patience_seconds
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="reading")
        self._lock = Lock()
        self._waiting: OrderedDict[str, deque[tuple[Future[Any], _Work]]] = OrderedDict()
        self._served: set[str] = set()

    async def read(self, caller: str, work: Callable[[], T]) -> T:
        """Return what `work` returns, once a thread has done it for the caller.

        What has not begun when its task is cancelled never begins.

        Raises:
            Overloaded: it could not begin in time.
        """
        future: Future[T] = Future()
        in_context = partial(copy_context().run, work)  # the lines of its log have the request's id
        with self._lock:
            self._waiting.setdefault(caller, deque()).append((future, in_context))
            self._begin()
        done = asyncio.wrap_future(future)
        try:
            await asyncio.wait({done}, timeout=self._patience_seconds)
        except asyncio.CancelledError:
            done.cancel()
            raise
        if not done.done() and future.cancel():
            raise Overloaded(_TOO_LONG)
        return await done

    def _begin(self) -> None:
        """Begin what has its turn: callers alternate. The lock is held."""
        for caller in [one for one in self._waiting if one not in self._served]:
            if len(self._served) == _THREADS:
                return
            waiting = self._waiting.pop(caller)
            begun = _first(waiting)
            if waiting:
                self._waiting[caller] = waiting  # behind the others
            if begun is not None:
                self._served.add(caller)
                self._threads.submit(partial(self._do, caller, *begun))

    def _do(self, caller: str, future: Future[Any], work: _Work) -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where the result is awaited
            future.set_exception(error)
        finally:
            with self._lock:
                self._served.remove(caller)
                if caller in self._waiting:
                    self._waiting.move_to_end(caller)
                self._begin()


def _first(waiting: deque[tuple[Future[Any], _Work]]) -> tuple[Future[Any], _Work] | None:
    """Take out the first that was not cancelled; None if all were."""
    while waiting:
        future, work = waiting.popleft()
        if future.set_running_or_notify_cancel():
            return future, work
    return None


READING_ROOM: Final = ReadingRoom()  # of this process: all doors share it
