"""Deletes the products that have expired, together with their rows in the ledger.

Nobody waits for it: an expired product is hidden from its very millisecond on. An index that makes
MongoDB delete it (a TTL index) would leave its rows behind.
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
    """Sweeps every `interval_seconds`. Several servers may: what one has swept, no other finds."""

    def __init__(
        self,
        runner: TransactionRunner,
        *,
        clock: Callable[[], datetime],
        interval_seconds: float,
        patience_seconds: Callable[[], float] = lambda: PATIENCE_SECONDS,
    ) -> None:
        """`patience_seconds`: how long the part under way may take to end when all stops."""
        self._runner = runner
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._patience_seconds = patience_seconds
        self._stopping = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Sweep in the background. On leaving, the part under way ends and no other begins."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._stopping.set()
            await asyncio.wait({task}, timeout=self._patience_seconds())
            for _ in range(MOST_CANCELS):  # the database does not answer; what is open is undone
                if task.done():
                    break
                task.cancel()  # again and again: aborting, too, waits for the database
                await asyncio.wait({task}, timeout=0.1)

    async def run_once(self) -> int:
        """Sweep part after part until nothing is left that has expired; how many products went.

        Raises:
            StoreError: the database did not answer; parts that have committed stay swept.
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
        """Whether that was all, and how many products went with this part."""
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
    """The products that go first, and their rows: as many whole products as fit.

    `rows` are ordered by product; more than `most` of them mean that there are still others. A
    product that alone has more rows than fit loses these first, and goes with its last ones.
    """
    if len(rows) <= most:
        return list(expired), list(rows)
    unfinished = rows[most].product_id
    products = [one for one in expired if one < unfinished]
    if not products:
        return [], list(rows[:most])
    return products, [row for row in rows if row.product_id < unfinished]
