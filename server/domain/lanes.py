"""How a stored batch is laid out, so that it can run side by side and still be in order.

Every item goes into one of a few lanes, chosen by the document that it is about. A lane is cut into
chunks as it comes, and they run one after another; the lanes run side by side. So the items of one
product apply in input order, and no two chunks that run at the same time share a product, however
long the batch is: nobody must have seen all of it to know where an item belongs.

Chunk `index` is number `index // lanes` of lane `index % lanes`.
"""

from datetime import datetime, timedelta
from zlib import crc32

MOST_LANES = 16  # more than one machine has use for, and few enough to be held in memory
_TURN = timedelta(seconds=10)


def lanes_for(items: int, size: int) -> int:
    """As many as the batch has chunks, within limits."""
    return max(1, min(MOST_LANES, -(-items // size)))


def lane_of(key: str, index: int, lanes: int) -> int:
    """The lane of an item; one without a key belongs to no product, and goes anywhere."""
    return (crc32(key.encode()) if key else index) % lanes


def due(created_at: datetime, index: int, lanes: int) -> datetime:
    """The order in which chunks of different batches are taken up: a batch begins at once, and the
    later chunks of a long one make way for those of a batch that came after it, but not for ever.
    """
    return created_at + index // lanes * _TURN
