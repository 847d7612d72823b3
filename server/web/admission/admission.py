"""The admission of requests: some run, others wait for a short time, the rest is refused at once.

What is admitted is work, and not sockets: a request counts as its items, what its query costs, and
what any request costs besides. Measured before: 200 clients that wait for 1 s brought a server down
to 2 answers a second, because it worked for those who had left.

Small requests have a lane of their own. So they begin while large ones run, which take turns with
them: 40 connections that repeat a query of a second kept a stranger's small one waiting for 17 s.
"""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from contextvars import Token
from dataclasses import dataclass
from typing import Final

from starlette.requests import ClientDisconnect

from server.domain import place
from server.domain.errors import Overloaded, ServerStops
from server.domain.refusal import STOPS
from server.domain.stopping import Stopping
from server.web.admission.lane import SMALL, Lane, Waiting
from server.web.connections.flight import BytesInFlight

REQUEST_WORK: Final = 20  # what a request costs besides its items, in items
_BYTES_PER_ITEM: Final = 60

Left = Callable[[], Awaitable[None]]


def work_of(body_bytes: int) -> int:
    """Return the work of a request with a body of this size, without what its query costs."""
    return REQUEST_WORK + body_bytes // _BYTES_PER_ITEM


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A request that asks to begin. `cost` is that of its query, as far as it is known.

    `left` returns when its caller has left; None if that does not matter, as for a request with a
    key.
    """

    caller: str
    work: int
    cost: int = 0
    left: Left | None = None


class Admission:
    """Admits the requests of a process. `refused` counts those that were not admitted."""

    def __init__(
        self,
        *,
        queue_seconds: float = 0.5,
        flight: BytesInFlight | None = None,
        stopping: Stopping | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.refused = 0
        self.queue_seconds = queue_seconds
        self.clock = clock
        self._flight = flight
        self._stopping = stopping
        self._small, self._large = Lane(clock), Lane(clock)

    def admitted(self, newcomer: Newcomer) -> "Admitted":
        """Return the place that a request has in the block, which begins when its turn comes.

        Raises, at the beginning of the block:
            Overloaded: it cannot begin in time; nothing was done.
            ClientDisconnect: its caller has left before it began.
        """
        return Admitted(self, newcomer)

    def require_hope(self, caller: str) -> None:
        """Check that a request of the caller can begin in time, before its body is read.

        Raises:
            Overloaded: too much waits before it, or the server holds too many bytes.
            ServerStops: the server takes no new requests.
        """
        if self._stopping is not None and self._stopping.is_on:
            raise ServerStops(STOPS)
        if self._flight is not None:
            self._flight.require_room()
        self.require_time(self._small, caller)

    def require_time(self, lane: Lane, caller: str) -> None:
        """Check that a request of the caller can begin in time in this lane.

        Raises:
            Overloaded: too much waits before it.
        """
        if len(lane.queue) and (seconds := lane.seconds_before(caller)) > self.queue_seconds:
            raise self.overloaded(seconds)

    @property
    def waiting(self) -> int:
        """Return how many requests wait."""
        return len(self._small.queue) + len(self._large.queue)

    @property
    def is_idle(self) -> bool:
        """Return whether nothing runs or waits."""
        return self._small.is_empty and self._large.is_empty

    def lane_of(self, work: int) -> Lane:
        """Return the lane for a request with this work."""
        return self._small if work < SMALL else self._large

    def overloaded(self, seconds: float) -> Overloaded:
        """Return the refusal of a request that would have to wait for `seconds`."""
        self.refused += 1
        spread = random.randint(0, 1)  # noqa: S311 - so that not all return at once
        after = max(1, math.ceil(seconds)) + spread
        return Overloaded(
            "The server has more to do than it can begin in time. Nothing was done: send the "
            "request again a little later.",
            retry_after_seconds=after,
        )


class Admitted:
    """The place of a request, from its turn to the end of the block."""

    __slots__ = ("_admission", "_cost", "_lane", "_newcomer", "_token", "_waited", "_work")

    def __init__(self, admission: Admission, newcomer: Newcomer) -> None:
        self._admission = admission
        self._newcomer = newcomer
        self._cost = newcomer.cost
        self._work = newcomer.work + newcomer.cost
        self._lane: Lane | None = None  # while it runs
        self._waited = 0.0
        self._token: Token[place.Place | None] | None = None

    async def __aenter__(self) -> "Admitted":
        await self._begin(self._newcomer.left)
        self._token = place.set_place(self)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._token is not None:
            place.reset_place(self._token)
        self.pause()

    async def weigh(self, cost: int) -> None:
        """Count the cost of the query. A request that is found to be large waits in its own lane.

        Raises:
            Overloaded: it cannot begin there in time.
        """
        if cost == self._cost or self._lane is None:
            return
        before, work = self._work, self._newcomer.work + cost
        if self._admission.lane_of(work) is self._lane:
            self._cost, self._work = cost, work
            self._lane.grow(before, work)
            return
        self.pause()
        self._cost, self._work = cost, work
        await self._begin(None)

    async def resume(self) -> None:
        """Take the place again when its turn comes, however long that takes."""
        if self._lane is not None:
            return
        lane, caller = self._admission.lane_of(self._work), self._newcomer.caller
        if lane.has_room(caller):
            lane.begin(caller, self._work)
        else:
            await self._wait(lane, None, None)
        self._lane = lane

    def pause(self) -> None:
        """Give the place back, if the request has it."""
        lane, self._lane = self._lane, None
        if lane is not None:
            lane.end(self._newcomer.caller, self._work)

    async def _begin(self, left: Left | None) -> None:
        lane, caller = self._admission.lane_of(self._work), self._newcomer.caller
        if lane.has_room(caller):
            lane.begin(caller, self._work)
        else:
            self._admission.require_time(lane, caller)
            began = self._admission.clock()
            seconds = max(0.0, self._admission.queue_seconds - self._waited)
            if not await self._wait(lane, left, seconds):
                raise self._admission.overloaded(lane.throughput.seconds_for(lane.queue.work))
            self._waited += self._admission.clock() - began
        self._lane = lane

    async def _wait(self, lane: Lane, left: Left | None, seconds: float | None) -> bool:
        """Wait until the lane has begun the request; return False if it has not in time.

        Raises:
            ClientDisconnect: its caller has left.
        """
        begun = asyncio.get_running_loop().create_future()
        waiting = lane.queue.join(self._newcomer.caller, self._work, begun)
        leaving = asyncio.ensure_future(left()) if left else None
        try:
            waited_for = {begun, leaving} if leaving else {begun}
            await asyncio.wait(waited_for, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            _give_up(lane, waiting)
            raise
        finally:
            if leaving is not None:
                leaving.cancel()
        if leaving is not None and leaving.done() and not leaving.cancelled():
            _give_up(lane, waiting)
            raise ClientDisconnect
        if not begun.done():
            _give_up(lane, waiting)
            return False
        return True


def _give_up(lane: Lane, waiting: Waiting) -> None:
    if waiting.value.done():  # it began in the same moment
        lane.end(waiting.caller, waiting.work)
    else:
        lane.queue.leave(waiting)
