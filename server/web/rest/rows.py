"""Read the items of a body as a stream, in flat memory."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any, Protocol

from server.domain.item_result import Input

_BLOCK_ITEMS = 500
_BLOCK_BYTES = 1024**2  # a block of long items ends earlier


class Rows(Protocol):
    """Reads one format. Both methods raise a BadInput that names the line."""

    def feed(self, piece: bytes) -> list[dict[str, Any]]:
        """Return the items that end in this piece of the body."""
        ...

    def end(self) -> list[dict[str, Any]]:
        """Return the last item, if no line break ended it."""
        ...


async def blocks(body: AsyncIterator[bytes], rows: Rows) -> AsyncGenerator[Sequence[Input], None]:
    """Yield the items of `body` in input order, some hundreds at a time."""
    block: list[Input] = []
    size = 0
    async for piece in body:
        block += rows.feed(piece)
        size += len(piece)
        while len(block) >= _BLOCK_ITEMS or (block and size >= _BLOCK_BYTES):
            yield block[:_BLOCK_ITEMS]
            block, size = block[_BLOCK_ITEMS:], 0
    block += rows.end()
    if block:
        yield block
