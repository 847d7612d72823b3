"""How the items of a stored batch are laid out in chunks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.batches.engine.cutting import chunks_of
from server.domain.errors import BadInput, BatchTooLarge
from server.domain.item_result import Input
from server.domain.lanes import MOST_LANES, lane_of, lanes_for
from server.domain.options import BatchOptions
from server.domain.stored_batch import Chunk, StoredItem
from server.kinds.kind import BatchWork, Item
from server.mongo.batches.stored_values import size_of

_CHUNK_BYTES = 4 * 1024**2  # of items; with their outcomes it must fit into a document of 16 MiB
_KEPT_BYTES = 16 * 1024**2  # until it is known how many lanes the batch is worth


def stored_items(inputs: Sequence[Input], first: int = 0) -> list[StoredItem]:
    return [StoredItem(index=index, input=one) for index, one in enumerate(inputs, first)]


def chunks_of_request(
    items: Sequence[Item], inputs: Sequence[Input], options: BatchOptions
) -> tuple[list[Chunk], int]:
    """Return the chunks of a keyed request, cut as the engine cuts any request, and its lanes.

    Raises:
        BatchTooLarge: a chunk that may not be cut is too large for one document.
    """
    chunks = [
        Chunk(
            index=index,
            items=[StoredItem(index=item.index, input=inputs[item.index]) for item in part],
        )
        for index, part in enumerate(chunks_of(items, options))
    ]
    if any(sum(size_of(item.input) for item in chunk.items) > _CHUNK_BYTES for chunk in chunks):
        raise BatchTooLarge("The texts of one chunk are too long to be stored: send less at once.")
    return chunks, 1 if options.ends_at_failure else max(1, len(chunks))


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidChunk:
    """A chunk to be stored, and its items as the operation understands them."""

    chunk: Chunk
    items: Sequence[Item]


@dataclass(slots=True)
class _Lane:
    stored: list[StoredItem] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    bytes: int = 0
    chunks: int = 0


class Lanes:
    """Cuts a batch that comes piece by piece. In memory is one chunk for each lane.

    The first items are kept back until there are enough to know how many lanes it is worth.
    """

    def __init__(self, work: BatchWork[Any, Any], size: int) -> None:
        self._work = work
        self._size = size
        self._kept: list[StoredItem] = []
        self._lanes: list[_Lane] = []
        self.total_items = 0
        self.chunks = 0  # the highest index that was given, and one
        self.made = 0
        self._kept_bytes = 0

    @property
    def count(self) -> int:
        """How many lanes; 1 for a batch without items."""
        return len(self._lanes) or 1

    def add(self, inputs: Sequence[Input]) -> Iterator[LaidChunk]:
        """The chunks that are full now.

        Raises:
            BadInput: an item is too large.
        """
        items = stored_items(inputs, self.total_items)
        self.total_items += len(items)
        if not self._lanes:
            self._kept += items
            self._kept_bytes += sum(size_of(item.input) for item in items)
            if len(self._kept) < MOST_LANES * self._size and self._kept_bytes < _KEPT_BYTES:
                return
            items = self._open()
        yield from self._fill(items)

    def rest(self) -> Iterator[LaidChunk]:
        """The chunks that will not become full any more."""
        if not self._lanes:
            yield from self._fill(self._open())
        for number, lane in enumerate(self._lanes):
            if lane.items:
                yield self._cut(number, lane)

    def _open(self) -> list[StoredItem]:
        self._lanes = [_Lane() for _ in range(lanes_for(len(self._kept), self._size))]
        kept, self._kept = self._kept, []
        return kept

    def _fill(self, items: Sequence[StoredItem]) -> Iterator[LaidChunk]:
        for one in items:
            item = self._work.effects.item(one.index, one.input)
            number = lane_of(item.key, one.index, len(self._lanes))
            lane = self._lanes[number]
            size = size_of(one.input)
            if size > _CHUNK_BYTES:
                raise BadInput(f"Item {one.index} is too large to be stored: {size} bytes.")
            if lane.items and lane.bytes + size > _CHUNK_BYTES:
                yield self._cut(number, lane)
            lane.stored.append(one)
            lane.items.append(item)
            lane.bytes += size
            if len(lane.items) == self._size:
                yield self._cut(number, lane)

    def _cut(self, number: int, lane: _Lane) -> LaidChunk:
        index = number + lane.chunks * len(self._lanes)
        laid = LaidChunk(chunk=Chunk(index=index, items=lane.stored), items=lane.items)
        lane.stored, lane.items, lane.bytes = [], [], 0
        lane.chunks += 1
        self.made += 1
        self.chunks = max(self.chunks, index + 1)
        return laid
