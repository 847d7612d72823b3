"""The HTTP routes."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute

from server.graphql_view import GraphQLView
from server.metrics import Metrics


def make_app(
    graphql: GraphQLView, metrics: Metrics, is_ready: Callable[[], Awaitable[bool]]
) -> Starlette:
    """The application. `is_ready` tells whether the database takes writes just now."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        if await is_ready():
            return JSONResponse({"status": "ok"})
        return JSONResponse(
            {"status": "unavailable", "reason": "no primary of the database answers"},
            status_code=503,
        )

    async def exposition(_request: Request) -> Response:
        return Response(metrics.exposition(), media_type=metrics.media_type)

    async def home(_request: Request) -> Response:
        return RedirectResponse("/graphql")

    return Starlette(
        routes=[
            Route("/", home),
            Route("/graphql", graphql, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", graphql),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", exposition),
        ]
    )
