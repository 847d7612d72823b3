"""The composition root: settings in, wired parts out. Nobody else builds anything."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.applications import Starlette

from schema.context import Services
from server.app import make_app
from server.batch.batches import Batches, Limits
from server.batch.engine import Engine
from server.domain.errors import StartupError, StoreError
from server.graphql_view import GraphQLView
from server.jobs.expiry_sweep import PATIENCE_SECONDS, ExpirySweep
from server.metrics import Metrics
from server.mongo.catalog import Catalog
from server.mongo.collections import ensure_collections, is_new
from server.mongo.deployment import is_writable, require_transactions
from server.mongo.driver import Driver, connect
from server.mongo.embedded import EmbeddedMongod
from server.mongo.ledger import Ledger
from server.mongo.samples import put_samples
from server.mongo.transaction import TransactionRunner
from server.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What runs. `mongod` is None where the database is the user's own."""

    app: Starlette
    mongod: EmbeddedMongod | None


def utc_now() -> datetime:
    """To the millisecond, as MongoDB stores it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


@asynccontextmanager
async def wired(settings: Settings) -> AsyncIterator[Parts]:
    """The parts, connected and ready. On leaving, what has begun ends before anything is closed.

    Raises:
        StartupError: the database cannot be used; the message says why.
    """
    async with AsyncExitStack() as stack:
        mongod = None
        if settings.mongodb_uri is None:
            mongod = EmbeddedMongod(settings.data_dir)
            await mongod.start()
            stack.push_async_callback(mongod.stop)
        uri = settings.mongodb_uri or (mongod.uri if mongod else "")
        driver = _driver(settings, uri)
        stack.push_async_callback(driver.close)
        await require_transactions(driver, uri)
        await _prepared(driver, settings, samples=mongod is not None)
        metrics = Metrics()
        runner = _runner(driver, settings, metrics)
        engine = Engine(
            runner, metrics, clock=utc_now, concurrent_chunks=settings.concurrent_chunks
        )
        stack.push_async_callback(_drain, engine, mongod)
        sweep = ExpirySweep(
            runner,
            clock=utc_now,
            interval_seconds=settings.expiry_sweep_seconds,
            patience_seconds=lambda: 0.0 if mongod and mongod.has_ended else PATIENCE_SECONDS,
        )
        await stack.enter_async_context(sweep.running())
        yield Parts(app=_app(driver, settings, engine, metrics), mongod=mongod)


async def _drain(engine: Engine, mongod: EmbeddedMongod | None) -> None:
    """Wait for what has begun, unless the database that it waits for will not come back."""
    if mongod is None or not mongod.has_ended:
        await engine.drain()


def _driver(settings: Settings, uri: str) -> Driver:
    try:
        return connect(settings.mongodb_driver, uri)
    except Exception as error:  # whatever the driver finds wrong with it; it may quote a password
        raise StartupError(
            f"MONGODB_URI is not an address ({type(error).__name__}). It must have the form "
            "mongodb://user:password@host:port/?replicaSet=rs0, with every special character of "
            "the user and the password percent-encoded."
        ) from error


async def _prepared(driver: Driver, settings: Settings, *, samples: bool) -> None:
    database = driver.client[settings.mongodb_database]
    try:
        if samples and await is_new(database):  # who has deleted them does not want them back
            await put_samples(database, utc_now())
        await ensure_collections(database)
    except StoreError as error:
        raise StartupError(f"The database could not be prepared: {error}.") from error


def _runner(driver: Driver, settings: Settings, metrics: Metrics) -> TransactionRunner:
    return TransactionRunner(
        driver,
        settings.mongodb_database,
        deadline_seconds=settings.transaction_seconds,
        on_retry=metrics.transaction_retried,
    )


def _app(driver: Driver, settings: Settings, engine: Engine, metrics: Metrics) -> Starlette:
    database = driver.client[settings.mongodb_database]
    limits = Limits(items=settings.max_batch_items, atomic_items=settings.max_atomic_items)
    services = Services(
        batches=Batches(engine, limits), catalog=Catalog(database, utc_now), ledger=Ledger(database)
    )

    async def is_ready() -> bool:
        return await is_writable(driver)

    graphql = GraphQLView(services, max_request_bytes=settings.max_request_bytes)
    return make_app(graphql, metrics, is_ready)
