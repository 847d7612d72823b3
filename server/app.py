"""The HTTP routes."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ASGIApp

from server.graphql_view import GraphQLView
from server.metrics import Metrics


def make_app(
    graphql: GraphQLView,
    metrics: Metrics,
    why_not_ready: Callable[[], Awaitable[str | None]],
    rest: ASGIApp | None = None,
) -> Starlette:
    """The application. `why_not_ready` tells why nothing can be done just now, None if it can.

    `rest` answers everything below `/api`: a `server.rest.view.Rest`.
    """

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        reason = await why_not_ready()
        if reason is None:
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "unavailable", "reason": reason}, status_code=503)

    async def exposition(_request: Request) -> Response:
        return Response(metrics.exposition(), media_type=metrics.media_type)

    async def home(_request: Request) -> Response:
        return RedirectResponse("/graphql")

    return Starlette(
        routes=[
            Route("/", home),
            Route("/graphql", graphql, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", graphql),
            *([Mount("/api", rest)] if rest else []),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", exposition),
        ]
    )
