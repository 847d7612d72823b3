"""How late the event loop is: while it is busy with one thing, all others wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

_EVERY_SECONDS: Final = 0.5


async def watch_lag(
    on_lag: Callable[[float], None],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Report twice a second by how many seconds a timer was late, until cancelled."""
    while True:
        began = clock()
        await sleep(_EVERY_SECONDS)
        on_lag(max(0.0, clock() - began - _EVERY_SECONDS))
