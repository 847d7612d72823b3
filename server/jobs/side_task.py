"""Work that is done again and again beside the requests."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from server.domain.errors import StoreError

log = logging.getLogger(__name__)


async def repeat(
    once: Callable[[], Awaitable[bool]],
    stopping: asyncio.Event,
    *,
    pause_seconds: float,
    what: str,
) -> None:
    """Call `once` until `stopping`; after it has found nothing to do (False), with a pause.

    An error of the database is logged, and tried again. Any other ends the process that needs it.
    """
    while not stopping.is_set():
        try:
            has_worked = await once()
        except StoreError as error:
            log.warning("%s failed; trying again: %s", what, error)
            has_worked = False
        if not has_worked:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_seconds):
                    await stopping.wait()
