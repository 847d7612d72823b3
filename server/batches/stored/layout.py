"""The layout of a stored batch: which item is in which chunk."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from server.batches.engine.cutting import chunks_of
from server.domain.errors import BadInput, BatchTooLarge
from server.domain.item_result import Input, row_of
from server.domain.lanes import MOST_LANES, lane_of, lanes_for, mark_of
from server.domain.options import BatchOptions
from server.domain.stored_batch import Chunk, StoredItem
from server.kinds.kind import BatchKind, Item
from server.mongo.batches.stored_values import CHUNK_BYTES, size_of

_HELD_BACK_BYTES = 16 * 1024**2  # of first items, until the number of lanes is decided


def stored_items(inputs: Sequence[Input], first: int = 0) -> list[StoredItem]:
    """Return the items with their indexes, which begin with `first`."""
    return [
        StoredItem(index=index, input=sent, row=row_of(sent))
        for index, sent in enumerate(inputs, first)
    ]


def chunks_of_request(
    items: Sequence[Item], inputs: Sequence[Input], options: BatchOptions
) -> tuple[list[Chunk], int]:
    """Return the chunks of a keyed request, cut as the engine cuts any, and the number of lanes.

    Raises:
        BatchTooLarge: a chunk is too large for one document.
    """
    chunks = [
        Chunk(
            index=index,
            items=[StoredItem(index=item.index, input=inputs[item.index]) for item in part],
        )
        for index, part in enumerate(chunks_of(items, options))
    ]
    if any(sum(size_of(item.input) for item in chunk.items) > CHUNK_BYTES for chunk in chunks):
        raise BatchTooLarge("The texts of one chunk are too long to be stored: send less at once.")
    return chunks, 1 if options.ends_at_failure else max(1, len(chunks))


@dataclass(slots=True)
class _Lane:
    items: list[StoredItem] = field(default_factory=list)
    products: list[int] = field(default_factory=list)
    bytes: int = 0
    chunks: int = 0


_Measured = tuple[StoredItem, int, int]  # with the mark of its product, and its size in bytes


class Lanes:
    """Cuts a batch that comes piece by piece. Memory holds one unfinished chunk of each lane.

    The first items are held back until there are enough of them to decide the number of lanes.
    `made` is the number of chunks so far, and `chunks` the next free chunk index.
    """

    def __init__(self, kind: BatchKind, size: int) -> None:
        self._kind = kind
        self._size = size
        self._held_back: list[_Measured] = []
        self._held_back_bytes = 0
        self._lanes: list[_Lane] = []
        self.total_items = 0
        self.chunks = 0
        self.made = 0

    @property
    def count(self) -> int:
        """Return the number of lanes; 1 for a batch without items."""
        return len(self._lanes) or 1

    def add(self, inputs: Sequence[Input]) -> Iterator[Chunk]:
        """Yield the chunks that are full now.

        Raises:
            BadInput: an item is too large.
        """
        key_of = self._kind.key_of
        items = [
            (item, mark_of(key_of(item.input)), size_of(item.input))
            for item in stored_items(inputs, self.total_items)
        ]
        self.total_items += len(items)
        if not self._lanes:
            self._held_back += items
            self._held_back_bytes += sum(size for _, _, size in items)
            is_enough = len(self._held_back) >= MOST_LANES * self._size
            if not is_enough and self._held_back_bytes < _HELD_BACK_BYTES:
                return
            items = self._open()
        yield from self._fill(items)

    def rest(self) -> Iterator[Chunk]:
        """Yield the last chunk of each lane, which no item will fill any more."""
        if not self._lanes:
            yield from self._fill(self._open())
        for number, lane in enumerate(self._lanes):
            if lane.items:
                yield self._cut(number, lane)

    def _open(self) -> list[_Measured]:
        """Decide the number of lanes, and return the items that were held back."""
        self._lanes = [_Lane() for _ in range(lanes_for(len(self._held_back), self._size))]
        items, self._held_back = self._held_back, []
        return items

    def _fill(self, items: Sequence[_Measured]) -> Iterator[Chunk]:
        lanes = len(self._lanes)
        for item, mark, size in items:
            number = lane_of(mark, item.index, lanes)
            lane = self._lanes[number]
            if size > CHUNK_BYTES:
                raise BadInput(f"Item {item.index} is too large to be stored: {size} bytes.")
            if lane.items and lane.bytes + size > CHUNK_BYTES:
                yield self._cut(number, lane)
            lane.items.append(item)
            lane.products.append(mark)
            lane.bytes += size
            if len(lane.items) == self._size:
                yield self._cut(number, lane)

    def _cut(self, number: int, lane: _Lane) -> Chunk:
        index = number + lane.chunks * len(self._lanes)
        chunk = Chunk(index=index, items=lane.items, products=lane.products)
        lane.items, lane.products, lane.bytes = [], [], 0
        lane.chunks += 1
        self.made += 1
        self.chunks = max(self.chunks, index + 1)
        return chunk
