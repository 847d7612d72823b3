"""GraphQL over HTTP and WebSocket: Strawberry's view, with the rules that all doors share.

<https://graphql.github.io/graphql-over-http/draft/> says which status and media type an answer has.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, cast

from cross_web import AsyncHTTPRequestAdapter, HTTPException, StarletteRequestAdapter
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType
from typing_extensions import override

from schema import schema
from schema.context import Context, Services
from server.domain.refusal import Refusal, cut_short
from server.domain.tracing import UNTRACED, Tracer
from server.web.accept import accepted
from server.web.admission.admission import Admission
from server.web.body import read_whole, require_media_type, single_parameters
from server.web.error_answer import deny
from server.web.graphiql.page import Page
from server.web.graphql.answer import JSON, RESPONSE, executed, preferred, refusal
from server.web.graphql.arrival import arrival
from server.web.graphql.request import from_body, from_query
from server.web.graphql.socket import Socket
from server.web.graphql.transport_ws import DOOR, TransportWS
from server.web.identity.authentication import Authentication, account_of, caller_of
from server.web.key import key_headers
from server.web.origins import allows
from server.web.patience import NewPatience, endless
from server.web.refusal import (
    Refused,
    bad_input,
    not_acceptable,
    other_origin,
    require_method,
    to_refused,
)
from server.web.requests import CLIENT_LEFT, OnAnswered, not_measured, note_code, request_at

OPERATIONS_PER_SOCKET = 100
_NOT_ACCEPTABLE = f"An answer is {RESPONSE} or {JSON}: accept one of them."


class _Adapter(StarletteRequestAdapter):
    """Strawberry's view of a request, which remembers the request itself."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.request = request


class GraphQLView(GraphQL[Context, None]):
    """The route `/graphql`."""

    websocket_adapter_class = Socket
    graphql_transport_ws_handler_class = TransportWS
    request_adapter_class = _Adapter

    def __init__(  # noqa: PLR0913 - what every request passes
        self,
        services: Services,
        *,
        max_request_bytes: int,
        origins: Sequence[str] = (),
        init_seconds: float = 10,
        admission: Admission | None = None,
        authentication: Authentication | None = None,
        on_answered: OnAnswered = not_measured,
        new_patience: NewPatience = endless,
        tracer: Tracer = UNTRACED,
    ) -> None:
        """Take `origins`: pages of these may open a WebSocket, and so may those of this server.

        A WebSocket must send `connection_init` within `init_seconds`. `on_answered` is told of its
        operations, `new_patience` says how long each waits for the database, and `tracer` traces
        them.
        """
        super().__init__(
            schema,
            graphql_ide=None if services.is_production else "graphiql",
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=timedelta(seconds=init_seconds),
            max_subscriptions_per_connection=OPERATIONS_PER_SOCKET,
        )
        self._services = services
        self._origins = origins
        self._max_request_bytes = max_request_bytes
        self.admission = admission or Admission()
        self.authentication = authentication or Authentication()
        self.on_answered = on_answered
        self.new_patience = new_patience
        self.tracer = tracer
        self._page = None if services.is_production else Page()

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._open(scope, receive, send)
            return
        try:
            response = await self._answer(Request(scope, receive))
            await response(scope, receive, send)
        except ClientDisconnect:
            note_code(CLIENT_LEFT)  # it had not sent everything

    async def _open(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open a WebSocket, unless it is for a page that may not call."""
        try:
            await super().__call__(scope, receive, send)
        except Refused as refused:
            with request_at(DOOR, self.on_answered):
                await deny(refused, scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            require_method(request.method, "GET", "POST")
            self.admission.require_hope(account_of(request))
            if request.method == "POST":
                require_media_type(request, [JSON])
            return await self.run(request)
        except ClientDisconnect:
            raise
        except HTTPException as error:
            refused = _of_strawberry(error)
        except asyncio.CancelledError:  # the server stops, and has waited for long enough
            refused = Refused(cut_short(has_begun=False))
        except Exception as error:  # noqa: BLE001 - answered in JSON, and masked, whatever it is
            refused = to_refused(error)
        return refusal(refused, _preferred(request))

    @override
    def is_websocket_origin_allowed(self, request: WebSocket, origin: str) -> bool:
        """Return whether a page of another origin may open a WebSocket.

        Raises:
            Refused: it may not. Strawberry would log a line about each.
        """
        if not allows(self._origins, origin):
            raise other_origin()
        return True

    @override
    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context:
        """Return a context without a caller: that is asked for before anything is executed."""
        return Context(self._services, key_headers=key_headers(request))

    @override
    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        """Return whether a browser asks for GraphiQL, and no client for a query by its hash.

        In production there is none.
        """
        if self._page is None or "extensions" in request.query_params:
            return False
        return super().should_render_graphql_ide(request)

    @override
    async def render_graphql_ide(self, request: Request) -> Response:
        if self._page is None:
            raise AssertionError("there is a page")
        return self._page.response(request)

    @override
    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """Return the response that tells `create_response` which media type is asked for."""
        response = await super().get_sub_response(request)
        response.media_type = _preferred(request)
        return response

    @override
    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData:
        sent = cast("_Adapter", request).request
        if _preferred(sent) is None:
            raise not_acceptable(_NOT_ACCEPTABLE)
        await self.authentication.identify(sent)
        if sent.method == "GET":
            return from_query(single_parameters(sent))
        return await from_body(await read_whole(sent, self._max_request_bytes), account_of(sent))

    @override
    async def execute_single(
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        sub_response: Response,
        context: Context,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        """Execute when the request's turn comes. A query ends when its caller leaves."""
        context.identify(caller_of(request), account_of(request))
        running = partial(
            super().execute_single,
            request=request,
            request_adapter=request_adapter,
            sub_response=sub_response,
            context=context,
            root_value=root_value,
            request_data=request_data,
        )
        arrived = arrival(request, request_data, context)
        try:
            async with self.admission.admitted(arrived.newcomer):
                result = await arrived.run(running())
        except asyncio.CancelledError:  # as above
            raise Refused(cut_short(has_begun=context.notes.changes is True)) from None
        if context.notes.refused is not None:  # nothing was done
            refused = to_refused(context.notes.refused)
            sub_response.status_code = refused.status
            sub_response.headers.update(refused.headers)
        return result

    @override
    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        """Return the response with one answer: batching is off."""
        return executed(response_data, sub_response)


def _preferred(request: HTTPConnection) -> str | None:
    return preferred(accepted(request.headers))


def _of_strawberry(error: HTTPException) -> Refused:
    """Return the refusal of a request that has no query, or an operation that is not for here."""
    cause = error.__cause__
    if isinstance(cause, InvalidOperationTypeError) and (
        cause.operation_type is OperationType.MUTATION
    ):
        refusal_ = Refusal(code="METHOD_NOT_ALLOWED", message=error.reason)
        return Refused(refusal_, allow=["POST"])
    return bad_input([error.reason])
