"""Poll for a condition that no event announces."""

import asyncio
from collections.abc import Callable

WITHIN_SECONDS = 60.0  # a poll's patience; no test claims anything by it


async def until(condition: Callable[[], object], seconds: float = WITHIN_SECONDS) -> None:
    """Return once `condition` holds; raise TimeoutError if it does not in time."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.01)
