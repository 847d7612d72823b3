"""Publishes prices after they have been committed: best effort, and no item fails for it.

Every request has an idempotency key of its own, the batch's id and the item's index, so that the
receiver can tell a price that comes twice: after a crash it may.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx
from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from server.batches.stored.lease_keeper import lease_renewed
from server.domain.errors import quoted
from server.domain.item_result import Publication
from server.domain.stored_batch import Lease
from server.kinds.update_price.rules import Priced
from server.mongo.batches.publications import Publications

log = logging.getLogger(__name__)

SIDE_BY_SIDE = 10
TIMEOUT_SECONDS = 5.0
MOST_TRIES = 3
LONGEST_TX_ID = 1_000  # bytes; what is longer is no id, and would not fit with 1 000 others
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


class Publisher:
    """Sends each price as `POST url` with `{batchId, index, productId, newPrice}` in JSON.

    The receiver's answer may have a `txId`. `client` is for tests.
    """

    def __init__(
        self,
        publications: Publications,
        url: str,
        client: httpx.AsyncClient,
        *,
        longest_wait_seconds: float = 2.0,
    ) -> None:
        self._publications = publications
        self._url = url
        self._client = client
        self._longest_wait_seconds = longest_wait_seconds
        self._stopping = False

    def stop(self) -> None:
        """Send nothing any more once what is under way has ended."""
        self._stopping = True

    async def run_once(self) -> bool:
        """Publish what one chunk has to publish; whether there was one.

        Raises:
            StoreError: the database did not answer. What was sent and not noted is sent again.
        """
        outbox = await self._publications.claim()
        if outbox is None:
            return False
        renew = partial(self._publications.renew, outbox.lease)
        async with lease_renewed(renew, lease_seconds=self._publications.lease_seconds):
            prices = [one for one in outbox.outcomes if isinstance(one, Priced)]
            for start in range(0, len(prices), SIDE_BY_SIDE):
                if self._stopping:
                    break
                ended = await asyncio.gather(
                    *(
                        self._publish(outbox.lease, price)
                        for price in prices[start : start + SIDE_BY_SIDE]
                    )
                )
                if not await self._publications.record(outbox.lease, ended):
                    log.warning("Lost the lease of an outbox", extra=_told(outbox.lease))
                    return True
        await self._publications.give_back(outbox.lease)
        return True

    async def _publish(self, lease: Lease, price: Priced) -> Publication:
        """What became of it; nothing is raised."""
        try:
            async for attempt in AsyncRetrying(
                stop=stop_after_attempt(MOST_TRIES),
                wait=wait_random_exponential(0.1, max=self._longest_wait_seconds),
                retry=retry_if_exception(_is_transient),
                reraise=True,
            ):
                with attempt:
                    async with asyncio.timeout(TIMEOUT_SECONDS):  # for all of it
                        tx_id = await self._send(lease, price)
                    return Publication(index=price.index, tx_id=tx_id)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            told = _told(lease) | {"index": price.index}
            log.warning("A price could not be published: %s", _why(error), extra=told)
            return Publication(index=price.index, error=_why(error))
        raise AssertionError("it is tried once or more")

    async def _send(self, lease: Lease, price: Priced) -> str | None:
        response = await self._client.post(
            self._url,
            json={
                "batchId": lease.batch_id,
                "index": price.index,
                "productId": price.key,
                "newPrice": price.price,
            },
            headers={"Idempotency-Key": f"{lease.batch_id}-{price.index}"},
        )
        response.raise_for_status()
        return _tx_id(response)


@asynccontextmanager
async def http_client() -> AsyncIterator[httpx.AsyncClient]:
    """A client that waits for no answer longer than `TIMEOUT_SECONDS`."""
    limits = httpx.Limits(max_connections=SIDE_BY_SIDE)
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, limits=limits) as client:
        yield client


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in _TRANSIENT
    return isinstance(error, httpx.TransportError | TimeoutError)


def _tx_id(response: httpx.Response) -> str | None:
    """None if the answer has none that we can read: it was published all the same."""
    try:
        answer: Any = response.json()
        tx_id = answer.get("txId") if isinstance(answer, dict) else None
        is_readable = isinstance(tx_id, str) and 0 < len(tx_id.encode()) <= LONGEST_TX_ID
    except (ValueError, RecursionError):  # no JSON, no Unicode, or nested too deep
        return None
    return tx_id if is_readable else None


def _why(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"The receiver answered {error.response.status_code}."
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return f"The receiver did not answer within {TIMEOUT_SECONDS:.0f} s."
    return f"The receiver could not be reached: {quoted(str(error) or type(error).__name__)}."


def _told(lease: Lease) -> dict[str, object]:
    return {"batch_id": lease.batch_id, "chunk": lease.index}
