"""The database of a process, ready for use."""

from contextlib import AsyncExitStack

from server.bootstrap.watching import Watching
from server.domain.clock import utc_now
from server.domain.errors import StartupError, StoreError
from server.kinds.registry import KINDS
from server.mongo.collections import ensure_collections, is_new
from server.mongo.connection.command_spans import CommandSpans
from server.mongo.connection.deployment import require_transactions
from server.mongo.connection.driver import Driver, connect
from server.mongo.connection.pool import PoolWaits
from server.mongo.products.samples import put_samples
from server.settings import Settings


async def connected(
    stack: AsyncExitStack, settings: Settings, uri: str, watching: Watching, *, samples: bool
) -> Driver:
    """Return a driver whose database has all that is needed; it closes when the stack is left.

    Raises:
        StartupError: the database cannot be used; the message says why.
    """
    driver = _driver(settings, uri, watching)
    stack.push_async_callback(driver.close)
    await require_transactions(driver, uri)
    await _prepared(driver, settings, samples=samples)
    return driver


def _driver(settings: Settings, uri: str, watching: Watching) -> Driver:
    metrics, tracer = watching.metrics, watching.tracer
    listeners: list[PoolWaits | CommandSpans] = []  # each costs something for every command
    if settings.mongodb_pool_metrics:
        listeners.append(PoolWaits(metrics.pool_waited, metrics.pool_failed))
    if tracer.is_on:
        listeners.append(CommandSpans(tracer.command))
    try:
        return connect(settings.mongodb_driver, uri, listeners=listeners)
    except Exception as error:  # the driver's own message may quote the password
        raise StartupError(
            f"MONGODB_URI is not an address ({type(error).__name__}). It must have the form "
            "mongodb://user:password@host:port/?replicaSet=rs0, with every special character of "
            "the user and the password percent-encoded."
        ) from error


async def _prepared(driver: Driver, settings: Settings, *, samples: bool) -> None:
    database = driver.client[settings.mongodb_database]
    try:
        if samples and await is_new(database):  # samples that a user has deleted stay deleted
            await put_samples(database, utc_now())
        await ensure_collections(database, list(KINDS))
    except StoreError as error:
        raise StartupError(f"The database could not be prepared: {error}.") from error
