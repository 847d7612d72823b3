"""How a stored batch is laid out, so that it can run side by side and still be in order.

Every item goes into one of a few lanes, chosen by the document that it is about. A lane is cut into
chunks as it comes, and they run one after another; the lanes run side by side. So the items of one
product apply in input order, and no two chunks that run at the same time share a product, however
long the batch is: nobody must have seen all of it to know where an item belongs.

Chunk `index` is number `index // lanes` of lane `index % lanes`.
"""

from zlib import crc32

MOST_LANES = 16  # more than one machine has use for, and few enough to be held in memory

# A batch is due at once. The next chunk of a lane is due so long after it could run: chunks of
# batches that come meanwhile go before it, but not for ever.
TURN_SECONDS = 10


def lanes_for(items: int, size: int) -> int:
    """As many as the batch has chunks, within limits."""
    return max(1, min(MOST_LANES, -(-items // size)))


def lane_of(key: str, index: int, lanes: int) -> int:
    """The lane of an item; one without a key belongs to no product, and goes anywhere."""
    return (crc32(key.encode()) if key else index) % lanes
