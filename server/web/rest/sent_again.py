"""A file that is sent twice without an idempotency key: the answer warns, and refuses nothing."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Final

from server.domain.errors import StoreError
from server.mongo.sent_files import REMEMBERED_SECONDS, SentFiles
from server.web.rest.kind import BATCH_SIZE, DRY_RUN

log = logging.getLogger(__name__)

_LARGE_BYTES: Final = 256 * 1024  # hashing so many takes about a millisecond
_PATIENCE_SECONDS: Final = 1.0


class FileHash:
    """What makes two files the same: their bytes, the operation, its options and the caller."""

    def __init__(self, caller: str, operation: str) -> None:
        """Begin without bytes, and without `options`: those that the request has as texts."""
        self.options: Mapping[str, str] = {}
        self._caller, self._operation = caller, operation
        self._content = hashlib.sha256()

    async def add(self, body: bytes) -> None:
        """Add bytes; a large piece is hashed in a thread, and others are served meanwhile."""
        if len(body) > _LARGE_BYTES:
            await asyncio.to_thread(self._content.update, body)
        else:
            self._content.update(body)

    async def passing(self, body: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Yield the pieces of a body, and add each."""
        async for piece in body:
            await self.add(piece)
            yield piece

    @property
    def hex(self) -> str:
        """Return the hash of all. The size of chunks changes no outcome, so it does not count."""
        options = sorted(one for one in self.options.items() if one[0] not in (BATCH_SIZE, DRY_RUN))
        parts = (self._caller, self._operation, *(text for one in options for text in one))
        found = hashlib.sha256(self._content.digest())
        for part in parts:
            encoded = part.encode("utf-8", "surrogatepass")
            found.update(len(encoded).to_bytes(8) + encoded)
        return found.hexdigest()


async def warning_of(
    files: SentFiles, file: FileHash, batch_id: str, *, has_key: bool
) -> str | None:
    """Note which batch a file has become; return a warning if it came before and without a key.

    The batch is stored already, so whatever fails here only costs the warning.
    """
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            earlier = await files.note(file.hex, batch_id)
    except (StoreError, TimeoutError) as error:
        log.warning("A file could not be compared with those of the last hour: %s", error)
        return None
    if earlier is None or earlier == batch_id or has_key:
        return None
    return (
        f"You have sent the same file within the last {REMEMBERED_SECONDS / 60:.0f} minutes: it "
        f"became the batch {earlier}. If this is a mistake, cancel the batch {batch_id}. A file "
        "that is sent with an Idempotency-Key is never run twice."
    )
