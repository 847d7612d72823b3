"""The HTTP routes."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ASGIApp

from server.domain.tracing import UNTRACED, Tracer
from server.web.console.files import ConsoleFiles
from server.web.console.page import ConsolePage
from server.web.convex.view import Convex
from server.web.error_answer import ErrorsAnswered, answer_error, no_socket
from server.web.graphiql import files
from server.web.graphql.view import GraphQLView
from server.web.health import WhyNotReady, health_routes, metrics_route
from server.web.measuring import Measured
from server.web.metrics import Metrics
from server.web.origins import cors


def make_app(  # noqa: PLR0913 - every door
    graphql: GraphQLView,
    metrics: Metrics,
    why_not_ready: WhyNotReady,
    rest: ASGIApp | None = None,
    convex: Convex | None = None,
    origins: Sequence[str] = (),
    *,
    has_page: bool = True,
    has_metrics: bool = True,
    tracer: Tracer = UNTRACED,
) -> Starlette:
    """Return the application.

    Args:
        why_not_ready: returns why no request can be answered just now; None if they can.
        rest: answers what is below `/api` and is no route of `convex`.
        origins: whose pages may call: `https://shop.example`, `loopback` for those of this machine,
            or `*` for all; none if it is empty.
        has_page: answers with GraphiQL's files, and the console links to it.
        has_metrics: answers `/metrics`; otherwise another port does, or none.
    """

    console = ConsoleFiles()
    console_page = ConsolePage(console, has_graphiql=has_page)
    convex_routes = convex.routes() if convex else []
    doors = {"/graphql": "graphql"} | {route.path: "convex" for route in convex_routes}
    return Starlette(
        routes=[
            Route("/graphql", graphql),  # the first: routes are tried in this order
            Route("/", console_page.response),
            Mount("/console", console.router()),
            *([Mount("/graphiql", routes=files.routes())] if has_page else []),
            WebSocketRoute("/graphql", graphql),
            WebSocketRoute("/{path:path}", no_socket),
            *convex_routes,
            *([Mount("/api", rest)] if rest else []),
            *health_routes(metrics, why_not_ready),
            *([metrics_route(metrics)] if has_metrics else []),
        ],
        middleware=[
            cors(origins),
            Middleware(Measured, doors, metrics.request_answered, tracer),
            Middleware(ErrorsAnswered),
        ],
        exception_handlers={HTTPException: answer_error},
    )
