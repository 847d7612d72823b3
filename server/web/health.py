"""The routes that tell whether a process is well. A worker has no others."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from server.domain.stopping import Stopping
from server.web.connections.limits import HEALTHZ, METRICS, READYZ
from server.web.error_answer import ErrorsAnswered, answer_error, no_socket
from server.web.metrics import Metrics
from server.web.probe import PROBE_SECONDS, Probe

WATCHED_SECONDS: Final = 30.0  # a proxy asks more often

WhyNotReady = Callable[[], Awaitable[str | None]]


class Readiness:
    """Says within a second whether the process can do its work, whatever the database does."""

    def __init__(
        self,
        is_writable: Callable[[], Awaitable[bool]],
        is_alive: Callable[[], bool],
        stopping: Stopping,
        is_silent: Callable[[], bool] = lambda: False,
    ) -> None:
        """`is_writable` asks the database for a primary; `is_alive` looks at the worker.

        `is_silent` returns whether the database is known not to answer.
        """
        self._database = Probe(is_writable, seconds=PROBE_SECONDS, is_silent=is_silent)
        self._is_alive = is_alive
        self._stopping = stopping
        self._asked: float | None = None

    @property
    def is_watched(self) -> bool:
        """Return whether somebody has asked lately, such as a proxy that must learn of the end."""
        return self._asked is not None and time.monotonic() - self._asked < WATCHED_SECONDS

    async def why_not(self) -> str | None:
        """Return why the process is not ready; None if it is."""
        self._asked = time.monotonic()
        if self._stopping.is_announced:
            return "the process stops"
        is_writable = await self._database.result()
        if is_writable is None:
            return f"the database does not answer within {PROBE_SECONDS:g} s"
        if not is_writable:
            return "no primary of the database answers"
        return None if self._is_alive() else "the worker is stuck"

    async def close(self) -> None:
        """Ask the database no more."""
        await self._database.close()


def health_routes(metrics: Metrics, why_not_ready: WhyNotReady) -> list[Route]:
    """Return `/healthz` and `/readyz`.

    `why_not_ready` returns why the process cannot do its work just now; None if it can. A process
    that is ready warns if chunks wait and there is no worker: it can still do all the rest.
    """

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        asking = asyncio.create_task(metrics.gauges.queue_state())
        reason = await why_not_ready()
        if reason is not None:
            asking.cancel()
            return JSONResponse({"status": "unavailable", "reason": reason}, status_code=503)
        state = await asking
        warning = {"warning": state.warning} if state and state.warning else {}
        return JSONResponse({"status": "ok", **warning})

    return [Route(HEALTHZ, healthz), Route(READYZ, readyz)]


def metrics_route(metrics: Metrics) -> Route:
    """Return `/metrics`."""

    async def exposition(_request: Request) -> Response:
        return Response(await metrics.scrape(), media_type=metrics.media_type)

    return Route(METRICS, exposition)


def make_worker_app(metrics: Metrics, why_not_ready: WhyNotReady) -> Starlette:
    """Return the application of a worker: only these routes."""
    return _application([*health_routes(metrics, why_not_ready), metrics_route(metrics)])


def make_metrics_app(metrics: Metrics) -> Starlette:
    """Return the application of the port that a server's metrics have to themselves."""
    return _application([metrics_route(metrics)])


def _application(routes: list[Route]) -> Starlette:
    return Starlette(
        routes=[*routes, WebSocketRoute("/{path:path}", no_socket)],
        middleware=[Middleware(ErrorsAnswered)],
        exception_handlers={HTTPException: answer_error},
    )
