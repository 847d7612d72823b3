"""Whether the database answers: asked once for the whole process, and known to all who wait for it.

While it is known that nobody answers, requests fail at once, and those that wait are woken. It
opens and closes as a circuit breaker does: docs/decisions/0015-outages.md.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, Protocol

from server.domain.errors import DatabaseUnavailable
from server.domain.refusal import UnansweredWithKey

SILENT_SECONDS: Final = 4.0  # an election takes about 2 s
_EVERY_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.1
_SUSPICIOUS_SECONDS: Final = 1.0
_ECHO_SECONDS: Final = (
    20.0  # in which what waited in the driver fails: its socket timeout, and more
)
_KNOWN: Final = "The database does not answer, and this is known: nothing was asked."

log = logging.getLogger(__name__)


class Waiting(Protocol):
    """Somebody who waits for the database."""

    def expire(self) -> None:
        """Wait no longer."""
        ...


class Outage:
    """Asks the database every second, and begins when it has been silent for `silent_seconds`.

    `is_writable` asks for a primary. An outage ends with the first answer of one. While it lasts,
    the log has nothing about it but its begin and its end.
    """

    def __init__(
        self,
        is_writable: Callable[[], Awaitable[bool]] | None = None,
        *,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self.is_on = False
        self.waiting: set[Waiting] = set()
        self.failed_at = float("-inf")  # when somebody last waited in vain, by the monotonic clock
        self._is_writable = is_writable
        self._silent_seconds = silent_seconds
        self._silence = self._silent_since = 0.0
        self._refused = 0
        self._ended = float("-inf")

    def require_none(self) -> None:
        """Check that no outage is known.

        Raises:
            DatabaseUnavailable: one is.
        """
        if self.is_on:
            self._refused += 1
            raise DatabaseUnavailable(_KNOWN)

    def suspect(self) -> None:
        """Take note that somebody got no answer; it settles the matter if no probe has got one."""
        self.failed_at = time.monotonic()
        if self._silence >= _SUSPICIOUS_SECONDS:
            self._begin()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Ask the database every second whether it answers, for as long as the block lasts."""
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait({watching})

    def is_news(self, record: logging.LogRecord) -> bool:
        """Return whether the log does not know it yet: a filter of lines about an outage."""
        has_ended = not self.is_on and time.monotonic() - self._ended > _ECHO_SECONDS
        if has_ended or record.levelno < logging.INFO:
            return True
        named = record.args if isinstance(record.args, tuple) else ()
        found = (*named, record.exc_info[1] if record.exc_info else None)
        return not any(isinstance(one, DatabaseUnavailable | UnansweredWithKey) for one in found)

    async def _watch(self) -> None:
        while True:
            asking = asyncio.ensure_future(self._ask())
            try:
                while not asking.done():
                    await self._look(asking)
                if asking.result():
                    self._end()
                    await asyncio.sleep(_EVERY_SECONDS)
                else:
                    await self._look(None)
            finally:
                asking.cancel()

    async def _ask(self) -> bool:
        return self._is_writable is None or await self._is_writable()

    async def _look(self, asking: asyncio.Future[bool] | None) -> None:
        """Wait a little, and begin the outage if the silence has lasted for long enough.

        What counts is looks and not the clock: if this process itself hardly gets to run, an answer
        that has come is seen before so many looks are over.
        """
        if asking is None:
            await asyncio.sleep(_LOOK_SECONDS)
        else:
            await asyncio.wait({asking}, timeout=_LOOK_SECONDS)
            if asking.done():
                return
        if not self._silence:
            self._silent_since = time.monotonic() - _LOOK_SECONDS
        self._silence += _LOOK_SECONDS
        if self._silence >= self._silent_seconds:
            self._begin()

    def _begin(self) -> None:
        if self.is_on:
            return
        self.is_on, self._refused = True, len(self.waiting)
        log.error("The database does not answer: requests are refused until it does")
        for one in list(self.waiting):
            one.expire()

    def _end(self) -> None:
        self._silence = 0.0
        if not self.is_on:
            return
        self.is_on, self._ended = False, time.monotonic()
        log.warning(
            "The database answers again after %.1f s",
            self._ended - self._silent_since,
            extra={"refused": self._refused},
        )
