"""Read the items of a body as a stream, in flat memory."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from server.domain.errors import BatchTooLarge
from server.domain.item_result import Input
from server.web.refusal import too_large

_BLOCK_ITEMS = 500
_BLOCK_BYTES = 1024**2  # a block of long items ends earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """The most bytes and items of one stream."""

    bytes: int = 1024**3
    items: int = 5_000_000


class Rows(Protocol):
    """Reads one format. Both methods raise a BadInput that names the line."""

    def feed(self, piece: bytes) -> list[dict[str, Any]]:
        """Return the items that end in this piece of the body."""
        ...

    def end(self) -> list[dict[str, Any]]:
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
    size = received = items = 0
    async for piece in body:
        received += len(piece)
        if received > limits.bytes:
            raise too_large(f"The stream is longer than {limits.bytes} bytes: send it in parts.")
        found = rows.feed(piece)
        items += len(found)
        if items > limits.items:
            raise BatchTooLarge(
                f"The stream has more than {limits.items} items: submit several batches."
            )
        block += found
        size += len(piece)
        while len(block) >= _BLOCK_ITEMS or (block and size >= _BLOCK_BYTES):
            yield block[:_BLOCK_ITEMS]
            block, size = block[_BLOCK_ITEMS:], 0
    block += rows.end()
    if block:
        yield block
