"""Deletes expired products together with their rows in the ledger.

No caller waits for this, because reads hide a product from the millisecond at which it expires. A
TTL index, with which MongoDB itself would delete the products, would leave their rows behind.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from server.domain.errors import StoreError
from server.mongo.products.ledger import Row
from server.mongo.transaction import Transaction, TransactionRunner

log = logging.getLogger(__name__)

PRODUCTS_AT_ONCE = 100
ROWS_AT_ONCE = 1_000
MOST_CANCELS = 50
PATIENCE_SECONDS = 3.0  # a part takes some milliseconds


class ExpirySweep:
    """Sweeps every `interval_seconds`. Several servers may sweep the same database at once."""

    def __init__(
        self,
        runner: TransactionRunner,
        *,
        clock: Callable[[], datetime],
        interval_seconds: float,
        patience_seconds: Callable[[], float] = lambda: PATIENCE_SECONDS,
    ) -> None:
        """`patience_seconds` is how long the part under way may take to end at a shutdown."""
        self._runner = runner
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._patience_seconds = patience_seconds
        self._stopping = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Sweep until the end of the block; the part under way then ends, and no other begins."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._stopping.set()
            await asyncio.wait({task}, timeout=self._patience_seconds())
            for _ in range(MOST_CANCELS):  # the database does not answer; it undoes an open part
                if task.done():
                    break
                task.cancel()  # repeatedly, because the abort waits for the database, too
                await asyncio.wait({task}, timeout=0.1)

    async def run_once(self) -> int:
        """Delete all products that have expired, part by part, and return their number.

        Raises:
            StoreError: the database did not answer; parts that have committed stay deleted.
        """
        swept = 0
        while not self._stopping.is_set():
            finished, products = await self._runner.run(self._sweep_part)
            swept += products
            if finished:
                break
        if swept:
            log.info("Swept %d expired products", swept, extra={"products": swept})
        return swept

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self.run_once()
            except StoreError as error:
                log.warning("Expired products could not be swept; trying again: %s", error)
            except Exception:  # the next pass may succeed, and the server serves meanwhile
                log.exception("Expired products could not be swept; trying again")
            with suppress(TimeoutError):
                async with asyncio.timeout(self._interval_seconds):
                    await self._stopping.wait()

    async def _sweep_part(self, transaction: Transaction) -> tuple[bool, int]:
        """Return whether no expired product was left, and how many were deleted."""
        expired = await transaction.products.expired(self._clock(), PRODUCTS_AT_ONCE)
        rows = await transaction.ledger.first(expired, ROWS_AT_ONCE + 1)
        products, rows = first_part(expired, rows, ROWS_AT_ONCE)
        await transaction.ledger.delete(rows)
        await transaction.products.delete(products)
        halved = {row.product_id for row in rows}.difference(products)
        await transaction.products.condemn(halved)
        return not expired, len(products)


def first_part(
    expired: Sequence[str], rows: Sequence[Row], most: int
) -> tuple[list[str], list[Row]]:
    """Return the products to delete in one part, and the rows to delete with them.

    `rows` are ordered by product. If there are more than `most`, the part has as many products as
    fit with all their rows. If not even one does, the part has `most` rows of it and no product:
    the product is deleted later, with the last of its rows.
    """
    if len(rows) <= most:
        return list(expired), list(rows)
    unfinished = rows[most].product_id
    products = [product_id for product_id in expired if product_id < unfinished]
    if not products:
        return [], list(rows[:most])
    return products, [row for row in rows if row.product_id < unfinished]
