"""The composition root: the only place that turns settings into wired parts."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.types import ASGIApp

from server.assembly import Assembly, Sizes, assemble
from server.batches.allowance import CallerLimits
from server.batches.engine.engine import Engine
from server.batches.engine.limits import Limits
from server.batches.engine.sharing.group_commit import GroupLimits
from server.batches.stored.submissions import QueueLimits
from server.domain.errors import StartupError, StoreError
from server.domain.stopping import Stopping
from server.domain.tracing import UNTRACED, Tracer
from server.jobs.background import PATIENCE_SECONDS as WORK_PATIENCE_SECONDS
from server.jobs.background import Background
from server.jobs.expiry_sweep import PATIENCE_SECONDS, ExpirySweep
from server.jobs.publisher import Publisher, http_client
from server.kinds.registry import KINDS
from server.mongo.collections import ensure_collections, is_new
from server.mongo.connection.command_spans import CommandSpans
from server.mongo.connection.data_folder import running_uri
from server.mongo.connection.deployment import is_writable, require_transactions
from server.mongo.connection.driver import Driver, connect
from server.mongo.connection.embedded import EmbeddedMongod
from server.mongo.connection.outage import Outage
from server.mongo.connection.patience import Patience
from server.mongo.connection.pool import PoolWaits
from server.mongo.products.samples import put_samples
from server.mongo.transaction import TransactionRunner
from server.running import server_facts
from server.settings import Settings
from server.web.admission.admission import Admission
from server.web.app import make_app
from server.web.connections.flight import CountedBodies
from server.web.connections.guard import ConnectionGuard
from server.web.connections.limits import ConnectionLimits
from server.web.convex.view import Convex
from server.web.gauges import Gauges
from server.web.graphql.view import GraphQLView
from server.web.health import Readiness, WhyNotReady, make_metrics_app, make_worker_app
from server.web.identity.authentication import Authentication
from server.web.identity.configured import IdentitySettings, authentication_of
from server.web.loop_lag import watch_lag
from server.web.metrics import Metrics
from server.web.origins import AllowedHosts
from server.web.patience import Patient
from server.web.probe import Probe
from server.web.rest.rows import StreamLimits
from server.web.rest.view import Rest

_CHUNK_SECONDS = 4.0  # after the last request, for the chunks that have begun
_MONGOD_SECONDS = 8.0  # the same, for the embedded database


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The running parts of a process.

    The `app` of a worker tells only whether it is well. `metrics_app` is for a port of its own.
    `mongod` is None if the database is not the embedded one, and `background` if no worker runs in
    the process.
    """

    app: ASGIApp
    readiness: Readiness
    metrics_app: ASGIApp
    guard: ConnectionGuard
    mongod: EmbeddedMongod | None
    background: Background | None


@dataclass(frozen=True, slots=True)
class _Watching:
    """What watches the parts of a process."""

    metrics: Metrics
    tracer: Tracer


def utc_now() -> datetime:
    """Return the time to the millisecond, as MongoDB stores it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


@asynccontextmanager
async def wired(
    settings: Settings, stopping: Stopping, tracer: Tracer = UNTRACED
) -> AsyncIterator[Parts]:
    """Build the parts of a server, connected and ready; on leaving, end and close them in order.

    Each has the time that `stopping` leaves it.

    Raises:
        StartupError: the database cannot be used; the message says why.
    """
    authentication = authentication_of(identity_settings(settings))
    async with AsyncExitStack() as stack:
        mongod = None
        if settings.mongodb_uri is None:
            mongod = EmbeddedMongod(settings.data_dir)
            await mongod.start()
            stack.push_async_callback(_stop_mongod, mongod, stopping)
        uri = settings.mongodb_uri or (mongod.uri if mongod else "")
        metrics = Metrics()
        watched = _Watching(metrics, tracer)
        driver = await _connected(stack, settings, uri, watched, samples=mongod is not None)
        outage = await _outage(stack, driver)
        assembly = _assembled(driver, settings, watched)

        def patience(seconds: float = _CHUNK_SECONDS) -> float:
            """Return how long work that has begun may take to end."""
            if mongod and mongod.has_ended:
                return 0.0
            return min(seconds, stopping.seconds_left(_CHUNK_SECONDS))

        stack.push_async_callback(_drain, assembly.engine, patience)

        stack.push_async_callback(assembly.services.progress.close)
        background = None
        if settings.worker_enabled:
            background = await _background(stack, settings, assembly, patience)
        sweep = ExpirySweep(
            assembly.runner,
            clock=utc_now,
            interval_seconds=settings.expiry_sweep_seconds,
            patience_seconds=lambda: patience(PATIENCE_SECONDS),
        )
        await stack.enter_async_context(sweep.running())
        guard = ConnectionGuard(_connection_limits(settings), metrics.connection_refused)
        await _watch(stack, metrics, guard, assembly)
        readiness = _readiness(stack, driver, background, stopping)
        admission = Admission(
            queue_seconds=settings.queue_seconds, flight=guard.flight, stopping=stopping
        )
        doors = _Doors(
            settings=settings, watching=watched, admission=admission, authentication=authentication,
            new_patience=lambda: Patience(settings.request_seconds, outage),
        )  # fmt: skip
        app = AllowedHosts(doors.app(assembly, readiness.why_not), settings.hosts)
        await stack.enter_async_context(authentication.watching())
        yield Parts(
            app=CountedBodies(app, guard.flight),
            readiness=readiness,
            metrics_app=make_metrics_app(metrics),
            guard=guard,
            mongod=mongod,
            background=background,
        )


@asynccontextmanager
async def wired_worker(
    settings: Settings, stopping: Stopping, tracer: Tracer = UNTRACED
) -> AsyncIterator[Parts]:
    """Build the parts of a worker, on MONGODB_URI or the embedded database of a running server.

    Raises:
        StartupError: the database cannot be used; the message says why.
    """
    async with AsyncExitStack() as stack:
        uri = settings.mongodb_uri or running_uri(settings.data_dir)
        metrics = Metrics()
        watched = _Watching(metrics, tracer)
        driver = await _connected(stack, settings, uri, watched, samples=False)
        await _outage(stack, driver)
        assembly = _assembled(driver, settings, watched)
        stack.push_async_callback(_drain, assembly.engine, lambda: 1.0)
        background = await _background(stack, settings, assembly, lambda seconds: seconds)
        guard = ConnectionGuard(_connection_limits(settings), metrics.connection_refused)
        await _watch(stack, metrics, guard, assembly)
        readiness = _readiness(stack, driver, background, stopping)
        app = make_worker_app(metrics, readiness.why_not)
        yield Parts(
            app=app,
            readiness=readiness,
            metrics_app=make_metrics_app(metrics),
            guard=guard,
            mongod=None,
            background=background,
        )


async def _connected(
    stack: AsyncExitStack, settings: Settings, uri: str, watching: _Watching, *, samples: bool
) -> Driver:
    driver = _driver(settings, uri, watching)
    stack.push_async_callback(driver.close)
    await require_transactions(driver, uri)
    await _prepared(driver, settings, samples=samples)
    return driver


async def _outage(stack: AsyncExitStack, driver: Driver) -> Outage:
    """Watch whether the database answers, and keep what repeats that out of the log."""
    outage = Outage(lambda: is_writable(driver))
    await stack.enter_async_context(outage.watched())
    for handler in logging.getLogger().handlers:
        handler.addFilter(outage.is_news)
        stack.callback(handler.removeFilter, outage.is_news)
    return outage


async def _watch(
    stack: AsyncExitStack, metrics: Metrics, guard: ConnectionGuard, assembly: Assembly
) -> None:
    """Let the metrics read what is open and what waits, until the stack is left."""
    queue = Probe(assembly.queue.state)
    stack.push_async_callback(queue.close)
    metrics.gauges = Gauges(
        connections=guard.counts,
        subscriptions=lambda: assembly.services.progress.subscribers,
        queue=queue,
    )
    watching = asyncio.create_task(watch_lag(metrics.loop_lagged))
    stack.callback(watching.cancel)


async def _background(
    stack: AsyncExitStack,
    settings: Settings,
    assembly: Assembly,
    patience: Callable[[float], float],
) -> Background:
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


async def _stop_mongod(mongod: EmbeddedMongod, stopping: Stopping) -> None:
    await mongod.stop(max(1.0, stopping.seconds_left(_MONGOD_SECONDS)))


async def _drain(engine: Engine, patience: Callable[[], float]) -> None:
    """Wait for the chunks that have begun.

    Those that have not ended by then wait for a database that does not answer; leases run out.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(patience()):
            await engine.drain()


def _driver(settings: Settings, uri: str, watching: _Watching) -> Driver:
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


def _assembled(driver: Driver, settings: Settings, watching: _Watching) -> Assembly:
    metrics = watching.metrics
    runner = TransactionRunner(
        driver,
        settings.mongodb_database,
        deadline_seconds=settings.transaction_seconds,
        on_retry=metrics.transaction_retried,
        on_doubt=metrics.commit_in_doubt,
    )
    sizes = Sizes(
        limits=Limits(items=settings.max_batch_items, atomic_items=settings.max_atomic_items),
        queue=QueueLimits(items=settings.max_background_items, chunks=settings.max_queued_chunks),
        callers=CallerLimits(
            items_per_minute=settings.caller_items_per_minute,
            waiting_batches=settings.caller_waiting_batches,
        ),
        groups=GroupLimits(items=settings.group_items, seconds=settings.group_seconds),
        concurrent_chunks=settings.concurrent_chunks,
        worker_chunks=settings.worker_chunks,
        lease_seconds=settings.worker_lease_seconds,
        worker_memory_mb=settings.worker_memory_mb,
        batches_last=timedelta(days=settings.batch_retention_days),
        key_patience_seconds=settings.idempotency_wait_seconds,
        max_query_cost=settings.max_query_cost,
    )
    return assemble(
        driver,
        settings.mongodb_database,
        runner,
        metrics,
        clock=utc_now,
        facts=server_facts(settings, utc_now()),
        sizes=sizes,
        publishes=settings.publish_url is not None,
        is_production=settings.is_production,
        tracer=watching.tracer,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doors:
    """What all doors have in common."""

    settings: Settings
    watching: _Watching
    admission: Admission
    authentication: Authentication
    new_patience: Callable[[], Patience]

    def app(self, assembly: Assembly, why_not_ready: WhyNotReady) -> ASGIApp:
        """Return the application."""
        settings, limit = self.settings, self.settings.max_request_bytes
        metrics, tracer = self.watching.metrics, self.watching.tracer
        graphql = GraphQLView(
            assembly.services,
            max_request_bytes=limit,
            origins=settings.origins,
            init_seconds=settings.header_seconds,
            admission=self.admission,
            authentication=self.authentication,
            on_answered=metrics.request_answered,
            new_patience=self.new_patience,
            tracer=tracer,
        )
        rest = Rest(
            assembly.services,
            max_request_bytes=limit,
            stream_limits=StreamLimits(
                bytes=settings.max_stream_bytes, items=settings.max_rows_per_stream
            ),
            admission=self.admission,
            authentication=self.authentication,
        )
        convex = Convex(
            assembly.services,
            max_request_bytes=limit,
            admission=self.admission,
            authentication=self.authentication,
        )
        app = make_app(
            graphql,
            metrics,
            why_not_ready,
            rest,
            convex,
            settings.origins,
            has_page=not settings.is_production,
            has_metrics=not settings.metrics_are_apart,
            tracer=tracer,
        )
        return Patient(app, self.new_patience)


def identity_settings(settings: Settings) -> IdentitySettings:
    """Return those of the settings that say who may call."""
    return IdentitySettings(
        host=settings.host,
        nobody=settings.auth == "none",
        api_keys_file=settings.api_keys_file,
        jwks=settings.jwt_jwks,
        secret=settings.jwt_secret.get_secret_value() if settings.jwt_secret else None,
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        roles_claim=settings.jwt_roles_claim,
        skew_seconds=settings.jwt_skew_seconds,
    )


def _readiness(
    stack: AsyncExitStack, driver: Driver, background: Background | None, stopping: Stopping
) -> Readiness:
    readiness = Readiness(
        lambda: is_writable(driver), lambda: background is None or background.is_alive, stopping
    )
    stack.push_async_callback(readiness.close)
    return readiness


def _connection_limits(settings: Settings) -> ConnectionLimits:
    return ConnectionLimits(
        connections=settings.max_connections,
        per_address=settings.max_connections_per_address,
        bytes_in_flight=settings.max_bytes_in_flight,
        header_seconds=settings.header_seconds,
        transfer_seconds=settings.transfer_seconds,
        idle_seconds=settings.idle_seconds,
    )
