"""What runs beside the requests, and what of it a process waits for when it ends."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress

from server.assembly import Assembly
from server.batches.engine.engine import Engine
from server.jobs.background import PATIENCE_SECONDS as WORK_PATIENCE_SECONDS
from server.jobs.background import Background
from server.jobs.publisher import Publisher, http_client
from server.settings import Settings


async def start_background(
    stack: AsyncExitStack,
    settings: Settings,
    assembly: Assembly,
    patience: Callable[[float], float],
) -> Background:
    """Start the worker and what belongs to it, until the stack is left."""
    publisher = None
    if settings.publish_url is not None:
        client = await stack.enter_async_context(http_client())
        publisher = Publisher(assembly.publications, settings.publish_url, client)
    background = Background(
        assembly.worker, assembly.housekeeping, assembly.retention, publisher, assembly.heartbeat
    )
    running = background.running(lambda: patience(WORK_PATIENCE_SECONDS))
    await stack.enter_async_context(running)
    return background


async def drain(engine: Engine, patience: Callable[[], float]) -> None:
    """Wait for the chunks that have begun.

    Those that have not ended by then wait for a database that does not answer; leases run out.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(patience()):
            await engine.drain()
