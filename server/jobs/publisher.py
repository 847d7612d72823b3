"""Publishes successes after they have committed: best effort, and no item fails because of it.

Every request carries an idempotency key made of the batch's id and the item's index, so that the
receiver can recognise a repetition: after a crash a success may be sent twice.
"""

import asyncio
import json
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
from server.domain.item_result import Publication
from server.domain.log_fields import logged_with
from server.domain.outcome import Outcome
from server.domain.stored_batch import Lease
from server.kinds.shown import published
from server.mongo.batches.publications import Outbox, Publications

log = logging.getLogger(__name__)

CONCURRENCY = 10  # requests at a time
TIMEOUT_SECONDS = 5.0
MOST_TRIES = 3
LONGEST_TX_ID = 1_000  # bytes; a longer text is no id, and 1 000 of them would not fit a document
LONGEST_ANSWER = 64 * 1024  # bytes that are read of one
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


class Publisher:
    """Sends each success to `url` by POST, as a JSON object.

    The object holds `batchId`, `index` and what the kind publishes of a success. The receiver's
    answer may have a `txId`.
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
        """Let the requests under way end, and send no other."""
        self._stopping = True

    async def run_once(self) -> bool:
        """Publish the successes of one chunk, and return whether there was such a chunk.

        Raises:
            StoreError: the database did not answer. What was sent but not recorded is sent again.
        """
        outbox = await self._publications.claim()
        if outbox is None:
            return False
        with logged_with(_log_fields(outbox.lease)):
            await self._publish_all(outbox)
        return True

    async def _publish_all(self, outbox: Outbox) -> None:
        lease, successes = outbox.lease, outbox.outcomes
        renew = partial(self._publications.renew, lease)
        async with lease_renewed(renew, lease_seconds=self._publications.lease_seconds):
            for start in range(0, len(successes), CONCURRENCY):
                if self._stopping:
                    break
                group = successes[start : start + CONCURRENCY]
                ended = await asyncio.gather(*(self._publish(lease, success) for success in group))
                if not await self._publications.record(lease, ended):
                    log.warning("Lost the lease of an outbox")
                    return
        await self._publications.give_back(lease)

    async def _publish(self, lease: Lease, success: Outcome) -> Publication:
        """Send a success until it is taken or given up. Raise nothing."""
        try:
            async for attempt in AsyncRetrying(
                stop=stop_after_attempt(MOST_TRIES),
                wait=wait_random_exponential(0.1, max=self._longest_wait_seconds),
                retry=retry_if_exception(_is_transient),
                reraise=True,
            ):
                with attempt:
                    async with asyncio.timeout(TIMEOUT_SECONDS):  # for the whole request
                        tx_id = await self._send(lease, success)
                    return Publication(index=success.index, tx_id=tx_id)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            log.warning(
                "An item could not be published: %s",
                _reason(error),
                extra=_log_fields(lease) | {"index": success.index},
            )
            return Publication(index=success.index, error=_reason(error))
        raise AssertionError("there is at least one attempt")

    async def _send(self, lease: Lease, success: Outcome) -> str | None:
        """Post a success, and return the id that the receiver gives it."""
        async with self._client.stream(
            "POST",
            self._url,
            json={"batchId": lease.batch_id, "index": success.index, **published(success)},
            headers={
                "Idempotency-Key": f"{lease.batch_id}-{success.index}",
                "Accept-Encoding": "identity",
            },
        ) as response:
            response.raise_for_status()
            return _tx_id(await _beginning(response))


@asynccontextmanager
async def http_client() -> AsyncIterator[httpx.AsyncClient]:
    """Open a client that waits no longer than `TIMEOUT_SECONDS` for an answer."""
    limits = httpx.Limits(max_connections=CONCURRENCY)
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, limits=limits) as client:
        yield client


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in _TRANSIENT
    return isinstance(error, httpx.TransportError | TimeoutError)


async def _beginning(response: httpx.Response) -> bytes:
    """Return the first bytes of an answer, as they came: decompressed, few may become gigabytes."""
    read = b""
    async for piece in response.aiter_raw(LONGEST_ANSWER):
        read += piece
        if len(read) >= LONGEST_ANSWER:
            break
    return read[:LONGEST_ANSWER]


def _tx_id(content: bytes) -> str | None:
    """Return the receiver's id; None if the answer has none that is readable."""
    try:
        answer: Any = json.loads(content)
        tx_id = answer.get("txId") if isinstance(answer, dict) else None
        is_readable = isinstance(tx_id, str) and 0 < len(tx_id.encode()) <= LONGEST_TX_ID
    except (ValueError, RecursionError):  # no JSON, no Unicode, or nested too deep
        return None
    return tx_id if is_readable else None


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"The receiver answered {error.response.status_code}."
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return f"The receiver did not answer within {TIMEOUT_SECONDS:.0f} s."
    return "The receiver could not be reached."


def _log_fields(lease: Lease) -> dict[str, object]:
    return {"batch_id": lease.batch_id, "chunk": lease.index}
