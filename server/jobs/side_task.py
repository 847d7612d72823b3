"""A pass that is repeated beside the requests."""

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
    name: str,
) -> None:
    """Call `once` until `stopping` is set, with a pause whenever it returns False.

    An error of the database is logged as that of `name`, and the next pass tries again.

    Raises:
        Exception: any other error, which ends the process.
    """
    while not stopping.is_set():
        try:
            has_worked = await once()
        except StoreError as error:
            log.warning("%s failed; trying again: %s", name, error)
            has_worked = False
        if not has_worked:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_seconds):
                    await stopping.wait()
