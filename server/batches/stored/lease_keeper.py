"""Keeps a lease alive for as long as its chunk runs."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from server.batches.engine.in_flight import cancel_until_done
from server.batches.stored.receipt import Receipt
from server.domain.errors import StoreError
from server.domain.stored_batch import LEASE_SECONDS

log = logging.getLogger(__name__)


@asynccontextmanager
async def lease_renewed(
    renew: Callable[[], Awaitable[object]],
    receipt: Receipt | None = None,
    *,
    lease_seconds: float = LEASE_SECONDS,
) -> AsyncIterator[None]:
    """Call `renew` four times before the lease would run out.

    But not while a transaction of `receipt` has run for less than half of that time, if there is
    still time for it: a renewal makes its last write a conflict. One that takes longer has to begin
    anew; otherwise it would lose the lease.
    """
    pause, quiet, late = lease_seconds / 4, lease_seconds / 2, lease_seconds * 0.7

    async def keep() -> None:
        renewed = time.monotonic()
        while True:
            await asyncio.sleep(pause / 10)
            since = time.monotonic() - renewed
            attempt = receipt.attempt_seconds if receipt else None
            is_short = attempt is not None and attempt < quiet
            if since < pause or (is_short and since < late):
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
        await cancel_until_done(keeping)
