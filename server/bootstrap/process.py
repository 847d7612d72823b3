"""The processes: a server, and a worker."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp

from server.assembly import Assembly
from server.bootstrap.background import drain, start_background
from server.bootstrap.batches import assembled
from server.bootstrap.database import connected
from server.bootstrap.doors import Doors, connection_limits, identity_settings
from server.bootstrap.watching import Watching, watch, watch_outage
from server.domain.clock import utc_now
from server.domain.stopping import Stopping
from server.domain.tracing import UNTRACED, Tracer
from server.jobs.background import Background
from server.jobs.expiry_sweep import PATIENCE_SECONDS, ExpirySweep
from server.mongo.connection.data_folder import running_uri
from server.mongo.connection.deployment import is_writable
from server.mongo.connection.driver import Driver
from server.mongo.connection.embedded import EmbeddedMongod
from server.mongo.connection.outage import Outage
from server.mongo.connection.patience import Patience
from server.settings import Settings
from server.web.admission.admission import Admission
from server.web.connections.flight import CountedBodies
from server.web.connections.guard import ConnectionGuard
from server.web.health import Readiness, make_metrics_app, make_worker_app
from server.web.identity.authentication import Authentication
from server.web.identity.configured import authentication_of
from server.web.metrics import Metrics
from server.web.origins import AllowedHosts

_CHUNK_SECONDS = 4.0  # after the last request, for the chunks that have begun
_WORKER_CHUNK_SECONDS = 1.0  # the same in a worker, which has waited for them before
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

        def patience(seconds: float = _CHUNK_SECONDS) -> float:
            """Return how long work that has begun may take to end."""
            if mongod and mongod.has_ended:
                return 0.0
            return min(seconds, stopping.seconds_left(_CHUNK_SECONDS))

        process = await _Process.begun(stack, settings, uri, tracer, samples=mongod is not None)
        stack.push_async_callback(drain, process.assembly.engine, patience)
        stack.push_async_callback(process.assembly.services.progress.close)
        background = None
        if settings.worker_enabled:
            background = await start_background(stack, settings, process.assembly, patience)
        sweep = ExpirySweep(
            process.assembly.runner,
            clock=utc_now,
            interval_seconds=settings.expiry_sweep_seconds,
            patience_seconds=lambda: patience(PATIENCE_SECONDS),
        )
        await stack.enter_async_context(sweep.running())
        guard = await process.guarded(stack)
        readiness = process.readiness(stack, background, stopping)
        app = process.doors(authentication, guard, stopping).app(
            process.assembly, readiness.why_not
        )
        await stack.enter_async_context(authentication.watching())
        hosts = AllowedHosts(app, settings.hosts, process.metrics.connection_refused)
        yield process.parts(
            CountedBodies(hosts, guard.flight), readiness, guard, background, mongod
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
        process = await _Process.begun(stack, settings, uri, tracer, samples=False)
        stack.push_async_callback(drain, process.assembly.engine, lambda: _WORKER_CHUNK_SECONDS)
        background = await start_background(
            stack, settings, process.assembly, lambda seconds: seconds
        )
        guard = await process.guarded(stack)
        readiness = process.readiness(stack, background, stopping)
        app = make_worker_app(process.metrics, readiness.why_not)
        yield process.parts(app, readiness, guard, background, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Process:
    """What a server and a worker have in common."""

    settings: Settings
    watching: Watching
    driver: Driver
    outage: Outage
    assembly: Assembly

    @classmethod
    async def begun(
        cls, stack: AsyncExitStack, settings: Settings, uri: str, tracer: Tracer, *, samples: bool
    ) -> "_Process":
        watching = Watching(Metrics(), tracer)
        driver = await connected(stack, settings, uri, watching, samples=samples)
        return cls(
            settings=settings,
            watching=watching,
            driver=driver,
            outage=await watch_outage(stack, driver),
            assembly=assembled(driver, settings, watching),
        )

    @property
    def metrics(self) -> Metrics:
        return self.watching.metrics

    async def guarded(self, stack: AsyncExitStack) -> ConnectionGuard:
        """Return what limits connections, with everything that is open being watched."""
        guard = ConnectionGuard(connection_limits(self.settings), self.metrics.connection_refused)
        await watch(stack, self.metrics, guard, self.assembly, self.outage)
        return guard

    def readiness(
        self, stack: AsyncExitStack, background: Background | None, stopping: Stopping
    ) -> Readiness:
        readiness = Readiness(
            lambda: is_writable(self.driver),
            lambda: background is None or background.is_alive,
            stopping,
            lambda: self.outage.is_on,
        )
        stack.push_async_callback(readiness.close)
        return readiness

    def doors(
        self, authentication: Authentication, guard: ConnectionGuard, stopping: Stopping
    ) -> Doors:
        return Doors(
            settings=self.settings,
            watching=self.watching,
            admission=Admission(
                queue_seconds=self.settings.queue_seconds, flight=guard.flight, stopping=stopping
            ),
            authentication=authentication,
            new_patience=lambda: Patience(self.settings.request_seconds, self.outage),
        )

    def parts(
        self,
        app: ASGIApp,
        readiness: Readiness,
        guard: ConnectionGuard,
        background: Background | None,
        mongod: EmbeddedMongod | None,
    ) -> Parts:
        return Parts(
            app=app,
            readiness=readiness,
            metrics_app=make_metrics_app(self.metrics),
            guard=guard,
            mongod=mongod,
            background=background,
        )


async def _stop_mongod(mongod: EmbeddedMongod, stopping: Stopping) -> None:
    await mongod.stop(max(1.0, stopping.seconds_left(_MONGOD_SECONDS)))
