"""Lanes: how the items of a stored batch run side by side, and those of a product in order.

Every item goes into one of a few lanes, chosen by its product. A lane is cut into chunks, which run
one after another; the lanes run side by side. So the items of one product apply in input order, and
no two chunks that run at the same time share a product. The lane of an item does not depend on
other items, so a batch of any length can be laid out piece by piece.

Chunk `index` is number `index // lanes` of lane `index % lanes`.
"""

from zlib import crc32

MOST_LANES = 16  # more than one machine can use; a batch holds one chunk of each in memory

# The first chunk of each lane is due when the batch is stored, a later one this long after it can
# run. So the chunks of newer batches go before it, but not for ever.
TURN_SECONDS = 10


def lanes_for(items: int, size: int) -> int:
    """Return the number of lanes: as many as the batch has chunks, up to `MOST_LANES`.

    `size` is the number of items per chunk.
    """
    return max(1, min(MOST_LANES, -(-items // size)))


def mark_of(key: str) -> int:
    """Return a short number for a product, which few others share; 0 for no product."""
    return (crc32(key.encode()) or 1) if key else 0


def lane_of(mark: int, index: int, lanes: int) -> int:
    """Return the lane of an item. `mark` is its product's; an item without one can go anywhere."""
    return (mark or index) % lanes
