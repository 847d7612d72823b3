"""Keeps a lease alive for as long as its chunk runs."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from server.batch.receipt import Receipt
from server.domain.errors import StoreError
from server.domain.lease import RENEWAL_SECONDS

log = logging.getLogger(__name__)

_TICK_SECONDS = 0.5
QUIET_SECONDS = 10.0  # a renewal while a transaction runs makes its last write a conflict


@asynccontextmanager
async def kept(
    renew: Callable[[], Awaitable[object]], receipt: Receipt | None
) -> AsyncIterator[None]:
    """Call `renew` now and then.

    Not in the first seconds of a transaction of `receipt`, which will be through before the lease
    runs out. One that takes longer has to begin anew: it would have lost the lease otherwise.
    """

    async def keep() -> None:
        renewed = time.monotonic()
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            is_due = time.monotonic() - renewed >= RENEWAL_SECONDS
            attempt = receipt.attempt_seconds if receipt else None
            if not is_due or (attempt is not None and attempt < QUIET_SECONDS):
                continue
            renewed = time.monotonic()
            try:
                await renew()
            except StoreError as error:
                log.warning("A lease could not be renewed: %s", error)

    keeping = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
