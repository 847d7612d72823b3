"""Read the items of a body as a stream, in flat memory."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Protocol

from server.domain.errors import BatchTooLarge
from server.domain.item_result import Input
from server.web.refusal import too_large

_SHEETS = 2  # each may take some 100 MiB, if it is made for that
_PIECE_BYTES = 16 * 1024  # that are read at once: less than 20 ms of work
_BLOCK_ITEMS = 500
_BLOCK_BYTES = 1024**2  # a block of long items ends earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """The most bytes and items of one stream, and the spreadsheets that are read at once."""

    bytes: int = 1024**3
    items: int = 5_000_000
    sheets_at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_SHEETS))


class Rows(Protocol):
    """Reads one format. Both methods raise a BadInput that names the line."""

    def feed(self, piece: bytes) -> Sequence[dict[str, Any]]:
        """Return the items that end in this piece of the body."""
        ...

    def end(self) -> Sequence[dict[str, Any]]:
        """Return the last item, if no line break ended it."""
        ...


async def blocks(
    body: AsyncIterator[bytes], rows: Rows, limits: StreamLimits
) -> AsyncGenerator[Sequence[Input], None]:
    """Yield the items of `body` in input order, some hundreds at a time.

    Raises:
        BadInput: a line is wrong.
        BatchTooLarge: there are too many items. Refused: there are too many bytes.
    """
    block: list[Input] = []
    size = items = 0
    async with aclosing(_small(body, limits)) as pieces:
        async for piece in pieces:
            found = rows.feed(piece)
            items += len(found)
            require_few(items, limits)
            block += found
            size += len(piece)
            while len(block) >= _BLOCK_ITEMS or (block and size >= _BLOCK_BYTES):
                yield block[:_BLOCK_ITEMS]
                await asyncio.sleep(0)
                block, size = block[_BLOCK_ITEMS:], 0
    last = rows.end()
    require_few(items + len(last), limits)
    block += last
    for start in range(0, len(block), _BLOCK_ITEMS):
        yield block[start : start + _BLOCK_ITEMS]


def require_few(items: int, limits: StreamLimits) -> None:
    """Check the number of items so far.

    Raises:
        BatchTooLarge: there are too many.
    """
    if items > limits.items:
        raise BatchTooLarge(
            f"The stream has more than {limits.items} items: submit several batches."
        )


async def _small(body: AsyncIterator[bytes], limits: StreamLimits) -> AsyncGenerator[bytes, None]:
    """Yield the body in pieces that are read in a moment, and let others run in between."""
    received = 0
    async for piece in body:
        received += len(piece)
        if received > limits.bytes:
            raise too_large(f"The stream is longer than {limits.bytes} bytes: send it in parts.")
        for start in range(0, len(piece), _PIECE_BYTES):
            yield piece[start : start + _PIECE_BYTES]
            await asyncio.sleep(0)
