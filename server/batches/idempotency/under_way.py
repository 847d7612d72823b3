"""The keys whose requests this process is running, and that no batch in the database holds yet."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from server.batches.idempotency.keys import in_use


class KeysUnderWay:
    """Lets a request wait for an earlier one with its key, instead of conflicting with it.

    Only a courtesy: between processes, and if the earlier request fails, the database decides.
    """

    def __init__(self) -> None:
        self._ends: dict[tuple[str, str], asyncio.Future[None]] = {}

    async def wait(self, holder: tuple[str, str], seconds: float) -> bool:
        """Wait until the request that is under way has ended; return False if there is none.

        `holder` is who created the request, and its key.

        Raises:
            KeyInUse: it has not ended after `seconds`.
        """
        end = self._ends.get(holder)
        if end is None:
            return False
        await asyncio.wait({end}, timeout=seconds)
        if not end.done():
            raise in_use()
        return True

    @contextmanager
    def noted(self, holder: tuple[str, str]) -> Iterator[None]:
        """Let others with the same key wait until the block ends."""
        end = asyncio.get_running_loop().create_future()
        is_first = self._ends.setdefault(holder, end) is end
        try:
            yield
        finally:
            end.set_result(None)
            if is_first:
                del self._ends[holder]
