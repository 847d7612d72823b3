"""Pauses in long work, in which others are answered."""

import asyncio
from typing import Final

_RESULTS: Final = 500  # some 5 ms


class Pause:
    """Counts results that have been read or shown, and pauses after some hundreds."""

    def __init__(self) -> None:
        self._count = 0

    async def after(self, results: int) -> None:
        """Count these results, and let others run if it has become time."""
        self._count += results
        if self._count >= _RESULTS:
            self._count = 0
            await asyncio.sleep(0)
