"""What watches the parts of a process: metrics, traces, and whether the database answers."""

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass

from server.assembly import Assembly
from server.domain.tracing import Tracer
from server.mongo.connection.deployment import is_writable
from server.mongo.connection.driver import Driver
from server.mongo.connection.outage import Outage
from server.web.connections.guard import ConnectionGuard
from server.web.gauges import Gauges
from server.web.loop_lag import watch_lag
from server.web.metrics import Metrics
from server.web.probe import Probe


@dataclass(frozen=True, slots=True)
class Watching:
    """What watches the parts of a process."""

    metrics: Metrics
    tracer: Tracer


async def watch_outage(stack: AsyncExitStack, driver: Driver) -> Outage:
    """Watch whether the database answers, and keep what repeats that out of the log."""
    outage = Outage(lambda: is_writable(driver))
    await stack.enter_async_context(outage.watched())
    for handler in logging.getLogger().handlers:
        handler.addFilter(outage.is_news)
        stack.callback(handler.removeFilter, outage.is_news)
    return outage


async def watch(
    stack: AsyncExitStack,
    metrics: Metrics,
    guard: ConnectionGuard,
    assembly: Assembly,
    outage: Outage,
) -> None:
    """Let the metrics read what is open and what waits, until the stack is left."""
    queue = Probe(assembly.queue.state, is_silent=lambda: outage.is_on)
    stack.push_async_callback(queue.close)
    metrics.gauges = Gauges(
        connections=guard.counts,
        subscriptions=lambda: assembly.services.progress.subscribers,
        queue=queue,
    )
    watching = asyncio.create_task(watch_lag(metrics.loop_lagged))
    stack.callback(watching.cancel)
