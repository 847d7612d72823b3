"""What is done with a chunk that ends the process that runs it."""

PATIENCE = 3  # crashes, before an item is suspected


def part_size(items: int, crashes: int) -> int:
    """How many of the chunk's remaining items to run at once, after so many crashes; 0 if the first
    of them has crashed alone, and is to blame.

    `items` are those that the chunk had at the beginning. After three crashes half of them run at
    once, and each further crash halves the part; one that is well shows that the culprit stands
    behind it. So 500 items take three crashes and nine more.
    """
    if crashes < PATIENCE:
        return items
    size = items >> (crashes - PATIENCE + 1)
    before = items >> (crashes - PATIENCE) if crashes > PATIENCE else items
    if before <= 1:
        return 0
    return max(1, size)
