"""A question to the database that may go without an answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Generic, TypeVar

from server.domain.errors import StoreError
from server.mongo.connection.patience import with_patience

T = TypeVar("T")

PROBE_SECONDS: Final = 0.8  # /readyz and /metrics answer within a second

log = logging.getLogger(__name__)


class Probe(Generic[T]):
    """Asks a question, and waits for its answer for a short time.

    Callers at the same time share one question. A question that the database leaves open is not
    asked again beside it, so that probes do not pile up during an outage. While `is_silent` says
    that the database is known to be silent, nothing is asked and nobody waits.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[T]],
        *,
        seconds: float = PROBE_SECONDS,
        is_silent: Callable[[], bool] = lambda: False,
    ) -> None:
        self._ask = ask
        self._seconds = seconds
        self._is_silent = is_silent
        self._asking: asyncio.Task[T | None] | None = None

    async def result(self) -> T | None:
        """Return the answer; None if none came in time, or the database failed."""
        if self._is_silent():
            return None
        if self._asking is None or self._asking.done():
            context = with_patience(None)  # it is not the first caller's alone
            self._asking = asyncio.create_task(self._answer(), context=context)
        asking = self._asking  # another caller may ask anew before this one goes on
        done, _ = await asyncio.wait({asking}, timeout=self._seconds)
        return asking.result() if done else None

    async def close(self) -> None:
        """Ask no more."""
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking

    async def _answer(self) -> T | None:
        try:
            return await self._ask()
        except StoreError as error:
            log.debug("A probe of the database failed: %s", error)
            return None
