"""A lane: requests of about the same size, of which some run and the others wait."""

import asyncio
from collections.abc import Callable
from typing import Final

from server.web.admission.fair_queue import FairQueue, Place
from server.web.admission.throughput import Throughput

SMALL: Final = 250  # items: some 20 ms of CPU; a request with more work is large
_ROOM: Final = 2_000  # for all that run in a lane: 8 large requests, or many small ones
_KEPT: Final = 500  # of it, for callers who have nothing running in the lane

Waiting = Place[asyncio.Future[None]]


class Lane:
    """Begins requests in an order that gives each caller a fair share.

    A large request takes up as much room as `SMALL` of work, so that 8 of any size run at once. No
    caller takes up all room: the first request of another one need not wait for its requests.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.queue: FairQueue[asyncio.Future[None]] = FairQueue()
        self.throughput = Throughput(clock)
        self._taken = 0
        self._running: dict[str, int] = {}

    @property
    def is_empty(self) -> bool:
        """Return whether nothing runs or waits."""
        return not self._taken and not self._running and not len(self.queue)

    def has_room(self, caller: str) -> bool:
        """Return whether a request of the caller may begin now; then none of it waits."""
        return self._taken < (_ROOM - _KEPT if caller in self._running else _ROOM)

    def seconds_before(self, caller: str) -> float:
        """Return how long the work takes that comes before a new request of the caller."""
        return self.throughput.seconds_for(self.queue.work_before(caller))

    def begin(self, caller: str, work: int) -> None:
        """Begin a request."""
        self._taken += min(work, SMALL)
        self._running[caller] = self._running.get(caller, 0) + 1

    def grow(self, before: int, work: int) -> None:
        """Note that a request which runs has more work than was known before."""
        self._taken += min(work, SMALL) - min(before, SMALL)

    def end(self, caller: str, work: int) -> None:
        """End a request, and begin those whose turn it is."""
        self._taken -= min(work, SMALL)
        left = self._running[caller] - 1
        if left:
            self._running[caller] = left
        else:
            del self._running[caller]
        self.throughput.finished(work, others_wait=len(self.queue) > 0)
        while len(self.queue) and self._taken < _ROOM:
            place = self.queue.next(self.has_room)
            if place is None:
                break
            if not place.value.done():
                self.begin(place.caller, place.work)
                place.value.set_result(None)
