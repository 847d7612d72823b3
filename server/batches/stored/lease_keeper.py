"""Renews a lease for as long as its work runs."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from server.batches.engine.in_flight import cancel_until_done
from server.batches.stored.fenced_transactions import FencedTransactions
from server.domain.errors import StoreError
from server.domain.stored_batch import LEASE_SECONDS

log = logging.getLogger(__name__)


@asynccontextmanager
async def lease_renewed(
    renew: Callable[[], Awaitable[object]],
    fenced: FencedTransactions | None = None,
    *,
    lease_seconds: float = LEASE_SECONDS,
) -> AsyncIterator[None]:
    """Call `renew` four times during each lease, until the block ends.

    A renewal conflicts with the receipt of a transaction under way, which then has to run again.
    So while a transaction of `fenced` is young, the renewal is put off, for up to 70 % of the
    lease. Once a transaction has run for half the lease, the renewal goes first, because without it
    the transaction would lose the lease.
    """
    pause, young, latest = lease_seconds / 4, lease_seconds / 2, lease_seconds * 0.7

    async def keep_renewing() -> None:
        renewed = time.monotonic()
        while True:
            await asyncio.sleep(pause / 10)
            since = time.monotonic() - renewed
            running = fenced.running_seconds if fenced else None
            is_young = running is not None and running < young
            if since < pause or (is_young and since < latest):
                continue
            renewed = time.monotonic()
            try:
                await renew()
            except StoreError as error:
                log.warning("A lease could not be renewed: %s", error)

    renewing = asyncio.create_task(keep_renewing())
    try:
        yield
    finally:
        await cancel_until_done(renewing)
