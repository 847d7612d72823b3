"""GraphQL over HTTP: Strawberry's view, with our media types, errors, page and limit on the body.

<https://graphql.github.io/graphql-over-http/draft/> says which status and media type an answer has.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.graphql import OperationType
from typing_extensions import override

from schema import schema
from schema.context import Context, Services
from schema.idempotency import HEADER
from server.web.body import require_media_type
from server.web.graphiql.page import Page
from server.web.graphql.media_type import JSON, RESPONSE, preferred
from server.web.graphql.socket import Socket
from server.web.refusal import Refused, refused

_STOPPING = (
    "The server stops. The chunks that have begun go on to their end, the others never begin: "
    "look at stockUpdates before you send this again."
)
_NOT_ACCEPTABLE = f"An answer is {RESPONSE} or {JSON}: accept one of them."


class GraphQLView(GraphQL[Context, None]):
    """The route `/graphql`."""

    websocket_adapter_class = Socket

    def __init__(
        self, services: Services, *, max_request_bytes: int, origins: Sequence[str] = ()
    ) -> None:
        """`origins`: whose pages may open a WebSocket, besides our own."""
        super().__init__(
            schema,
            allowed_origins=origins,
            graphql_ide="graphiql",
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
        )
        self._services = services
        self._max_request_bytes = max_request_bytes
        self._page = Page()

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        try:
            response = await self._answer(Request(scope, self._limited(receive)))
            await response(scope, receive, send)
        except ClientDisconnect:
            return  # it hung up before it had sent everything

    async def _answer(self, request: Request) -> Response:
        try:
            if request.method == "POST":
                require_media_type(request, [JSON])
            return await self.run(request)
        except Refused as error:
            refusal = _refusal(error.status, str(error))
        except HTTPException as error:
            refusal = _refusal(_status(error), error.reason)
        except asyncio.CancelledError:  # the server stops, and has waited for long enough
            refusal = _refusal(503, _STOPPING, "UNAVAILABLE")
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - told in JSON, and masked, whatever it is
            fault = refused(error)
            refusal = _refusal(fault.status, str(fault), fault.code)
        if refusal.status_code == 405:
            refusal.headers["Allow"] = "POST" if request.method == "GET" else "GET, POST"
        return _of_type(_preferred(request), refusal)

    @override
    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context:
        return Context(self._services, header_key=_idempotency_key(request))

    @override
    async def render_graphql_ide(self, request: Request) -> Response:
        return self._page.response(request)

    @override
    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """What `create_response` knows of the request: which media type its answer has."""
        response = await super().get_sub_response(request)
        response.media_type = _preferred(request)
        return response

    @override
    async def parse_http_body(
        self, request: AsyncHTTPRequestAdapter
    ) -> GraphQLRequestData | list[GraphQLRequestData]:
        if preferred(request.headers.get("Accept")) is None:
            raise HTTPException(406, _NOT_ACCEPTABLE)
        parsed = await super().parse_http_body(request)
        for one in _each(parsed):
            if not isinstance(one.operation_name, str | None):
                raise HTTPException(400, "The operationName of a request is a string or null.")
            one.operation_name = one.operation_name or None  # "" is the same as none
        return parsed

    @override
    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        """Of one answer: batching is off."""
        status = 200
        if sub_response.media_type == RESPONSE and _is_refused(response_data):
            del response_data["data"]
            status = 400
        response = Response(self.encode_json(response_data), status)
        return _of_type(sub_response.media_type, response)

    @override
    def parse_json(self, data: str | bytes) -> Any:
        """The body, or one of the parameters variables and extensions; null is the same as none."""
        parsed = super().parse_json(data)
        if not all(isinstance(one, dict) for one in _each(parsed or {})):
            raise HTTPException(
                400, "A request, its variables and its extensions are a JSON object each."
            )
        return parsed or {}

    @override
    def decode_json(self, data: str | bytes) -> object:
        """Python refuses numbers of 4 300 digits and deep nesting in ways of its own."""
        try:
            return json.loads(data if isinstance(data, str) else data.decode("utf-8-sig"))
        except json.JSONDecodeError:
            raise
        except (ValueError, RecursionError) as error:
            raise json.JSONDecodeError(str(error), "", 0) from error

    @override
    def encode_json(self, data: object) -> str:
        return json.dumps(data, separators=(",", ":"))

    def _limited(self, receive: Receive) -> Receive:
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_request_bytes:
                raise HTTPException(
                    413, f"The request is larger than {self._max_request_bytes} bytes: send less."
                )
            return message

        return limited


def _idempotency_key(request: Request | WebSocket) -> str | None:
    """A WebSocket's headers are sent once for all its mutations, so there is no key in them."""
    sent = request.headers.getlist(HEADER) if isinstance(request, Request) else []
    return ", ".join(sent) if sent else None  # as HTTP says: two headers are one with a comma


def _preferred(request: Request | WebSocket) -> str | None:
    return preferred(request.headers.get("Accept"))


def _each(parsed: Any) -> list[Any]:
    return parsed if isinstance(parsed, list) else [parsed]


def _is_refused(answer: GraphQLHTTPResponse) -> bool:
    """Whether nothing was executed: only what is resolved has a path."""
    errors: list[Any] = answer.get("errors") or []
    return answer["data"] is None and not any("path" in error for error in errors)


def _status(error: HTTPException) -> int:
    """A mutation is not for GET; Strawberry says only that it is bad."""
    cause = error.__cause__
    by_get = isinstance(cause, InvalidOperationTypeError) and (
        cause.operation_type is OperationType.MUTATION
    )
    return 405 if by_get else error.status_code


def _refusal(status: int, reason: str, code: str = "BAD_INPUT") -> Response:
    """What is told before or in place of GraphQL's answer, in GraphQL's form."""
    error: dict[str, Any] = {"message": reason, "extensions": {"code": code}}
    body = json.dumps({"errors": [error]})  # in ASCII: the reason may quote half a surrogate pair
    return Response(body, status)


def _of_type(media_type: str | None, response: Response) -> Response:
    response.headers["Content-Type"] = f"{media_type or JSON}; charset=utf-8"
    response.headers["Vary"] = "Accept"
    return response
