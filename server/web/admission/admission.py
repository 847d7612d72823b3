"""The admission of requests: some run, others wait for a short time, the rest is refused at once.

What is admitted is work, and not sockets: a request counts as its items, and what any request costs
besides. Measured before: 200 clients that wait for 1 s brought a server down to 2 answers a second,
because it worked for those who had left.
"""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import ClientDisconnect

from server.domain.errors import Overloaded, ServerStops
from server.domain.stopping import Stopping
from server.web.admission.fair_queue import FairQueue, Place
from server.web.admission.throughput import Throughput
from server.web.connections.flight import BytesInFlight

REQUEST_WORK: Final = 20  # what a request costs besides its items, in items
_BYTES_PER_ITEM: Final = 60
_AT_ONCE: Final = 8  # requests of any size run at once, so that small ones pass a few large ones
_WORK_AT_ONCE: Final = 2_000  # then small ones run as long as all together are below this

_STOPS: Final = "The server stops. Nothing was done: send the request again, also to another one."

Left = Callable[[], Awaitable[None]]


def work_of(body_bytes: int) -> int:
    """Return the work of a request with a body of this size."""
    return REQUEST_WORK + body_bytes // _BYTES_PER_ITEM


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A request that asks to begin. `left` returns when its caller has left; None if that does
    not matter, as for a request with a key.
    """

    caller: str
    work: int
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
        self._queue_seconds = queue_seconds
        self._flight = flight
        self._stopping = stopping
        self._queue: FairQueue[asyncio.Future[None]] = FairQueue()
        self._throughput = Throughput(clock)
        self._running = 0
        self._running_work = 0

    def admitted(self, newcomer: Newcomer) -> "_Admitted":
        """Return what runs its block when the request's turn comes.

        Raises, at the beginning of the block:
            Overloaded: it cannot begin in time; nothing was done.
            ClientDisconnect: its caller has left before it began.
        """
        return _Admitted(self, newcomer)

    async def begin(self, newcomer: Newcomer) -> None:
        """Begin the request when its turn comes; `end` must follow."""
        if self._is_free and not len(self._queue):
            self._begin(newcomer.work)
        else:
            self.require_hope(newcomer.caller)
            await self._wait(newcomer)

    def end(self, newcomer: Newcomer) -> None:
        """End the request, and begin those whose turn it is."""
        self._end(newcomer.work)

    def require_hope(self, caller: str) -> None:
        """Check that a request of the caller can begin in time, before its body is read.

        Raises:
            Overloaded: too much waits before it, or the server holds too many bytes.
            ServerStops: the server takes no new requests.
        """
        if self._stopping is not None and self._stopping.is_on:
            raise ServerStops(_STOPS)
        if self._flight is not None:
            self._flight.require_room()
        if not len(self._queue):
            return
        seconds = self._throughput.seconds_for(self._queue.work_before(caller))
        if seconds > self._queue_seconds:
            raise self._overloaded(seconds)

    @property
    def _is_free(self) -> bool:
        return self._running < _AT_ONCE or self._running_work < _WORK_AT_ONCE

    def _begin(self, work: int) -> None:
        self._running += 1
        self._running_work += work

    def _end(self, work: int) -> None:
        self._running -= 1
        self._running_work -= work
        self._throughput.finished(work, others_wait=len(self._queue) > 0)
        while len(self._queue) and self._is_free:
            place = self._queue.next()
            if place is not None and not place.value.done():
                self._begin(place.work)
                place.value.set_result(None)

    async def _wait(self, newcomer: Newcomer) -> None:
        """Wait until the request has begun: `_end` begins it, so that nobody overtakes it."""
        begun = asyncio.get_running_loop().create_future()
        place = self._queue.join(newcomer.caller, newcomer.work, begun)
        leaving = asyncio.ensure_future(newcomer.left()) if newcomer.left else None
        try:
            waited_for = {begun, leaving} if leaving else {begun}
            await asyncio.wait(
                waited_for, timeout=self._queue_seconds, return_when=asyncio.FIRST_COMPLETED
            )
        except asyncio.CancelledError:
            self._give_up(place, begun)
            raise
        finally:
            if leaving is not None:
                leaving.cancel()
        if leaving is not None and leaving.done() and not leaving.cancelled():
            self._give_up(place, begun)
            raise ClientDisconnect
        if not begun.done():
            self._give_up(place, begun)
            raise self._overloaded(self._throughput.seconds_for(self._queue.work))

    def _give_up(self, place: Place[asyncio.Future[None]], begun: asyncio.Future[None]) -> None:
        if begun.done():  # it began in the same moment
            self._end(place.work)
        else:
            self._queue.leave(place)

    def _overloaded(self, seconds: float) -> Overloaded:
        self.refused += 1
        spread = random.randint(0, 1)  # noqa: S311 - so that not all return at once
        after = max(1, math.ceil(seconds)) + spread
        return Overloaded(
            "The server has more to do than it can begin in time. Nothing was done: send the "
            "request again a little later.",
            retry_after_seconds=after,
        )


class _Admitted:
    """A request in its block."""

    __slots__ = ("_admission", "_newcomer")

    def __init__(self, admission: Admission, newcomer: Newcomer) -> None:
        self._admission = admission
        self._newcomer = newcomer

    async def __aenter__(self) -> None:
        await self._admission.begin(self._newcomer)

    async def __aexit__(self, *_: object) -> None:
        self._admission.end(self._newcomer)
