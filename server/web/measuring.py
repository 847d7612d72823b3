"""Middleware that names and measures the requests at the doors over HTTP."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.domain.refusal import INTERNAL
from server.domain.request_id import request_id_of
from server.domain.tracing import UNTRACED, Tracer
from server.web.requests import OK, OnAnswered, request_at

_REST = "/api/"
_HEADER = b"x-request-id"
_TRACEPARENT = b"traceparent"


class Measured:
    """Gives each request at a door an id, and reports it. Other routes are not measured.

    The id is the header `X-Request-Id` of the request, or a new one, and it stands in the answer.

    A request ends with the last byte that the application sends. `doors` are the doors with one
    path each; what else is below `/api/` is REST.
    """

    def __init__(
        self,
        app: ASGIApp,
        doors: Mapping[str, str],
        on_answered: OnAnswered,
        tracer: Tracer = UNTRACED,
    ) -> None:
        self._app = app
        self._tracer = tracer
        self._doors = doors
        self._on_answered = on_answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        door = self._door(scope)
        if door is None:
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(_only(scope, _HEADER))
        header = (_HEADER, request_id.encode())
        with (
            self._tracer.request(door, traceparent_of(scope)) as note_code,
            request_at(door, self._on_answered, request_id) as request,
        ):

            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message.get("headers", ()), header]
                    if message["status"] >= 500 and request.code == OK:
                        request.code = INTERNAL
                await send(message)

            try:
                await self._app(scope, receive, noted)
            except Exception:
                request.code = INTERNAL
                raise
            finally:
                note_code(request.code)

    def _door(self, scope: Scope) -> str | None:
        if scope["type"] != "http":
            return None
        path: str = scope["path"]
        return self._doors.get(path) or ("rest" if path.startswith(_REST) else None)


def traceparent_of(scope: Scope) -> str | None:
    """Return the header that says of which trace a request is a part."""
    return _only(scope, _TRACEPARENT)


def _only(scope: Scope, header: bytes) -> str | None:
    """Return the header that the caller has sent; None if there is not exactly one."""
    sent = [value for name, value in scope["headers"] if name == header]
    return sent[0].decode("latin-1") if len(sent) == 1 else None
