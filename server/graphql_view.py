"""GraphQL over HTTP: Strawberry's view, with errors in JSON, a limit on the body, and our page."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cross_web import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from typing_extensions import override

from schema import schema
from schema.context import Context, Services
from schema.idempotency import HEADER

_STOPPING = (
    "The server stops. The chunks that have begun go on to their end, the others never begin: "
    "look at stockUpdates before you send this again."
)
_PAGE = Path(__file__).with_name("graphiql.html")


class GraphQLView(GraphQL[Context, None]):
    """The route `/graphql`."""

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
        self._page = _PAGE.read_text(encoding="utf-8")

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
            return await self.run(request)
        except HTTPException as error:
            return _refusal(error.status_code, error.reason)
        except asyncio.CancelledError:  # the server stops, and has waited for long enough
            return _refusal(503, _STOPPING, "UNAVAILABLE")

    @override
    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context:
        return Context(self._services, header_key=_idempotency_key(request))

    @override
    async def render_graphql_ide(self, request: Request) -> Response:
        return HTMLResponse(self._page)

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
            return json.loads(data)
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


def _each(parsed: Any) -> list[Any]:
    return parsed if isinstance(parsed, list) else [parsed]


def _refusal(status: int, reason: str, code: str = "BAD_INPUT") -> Response:
    """What is told before or in place of GraphQL's answer, in GraphQL's form."""
    error: dict[str, Any] = {"message": reason, "extensions": {"code": code}}
    body = json.dumps({"errors": [error]})  # in ASCII: the reason may quote half a surrogate pair
    return Response(body, status_code=status, media_type="application/json")
