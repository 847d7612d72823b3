"""Middleware that names and measures the requests at the doors over HTTP."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.domain.refusal import INTERNAL
from server.domain.request_id import request_id_of
from server.web.requests import OK, OnAnswered, request_at

_REST = "/api/"
_HEADER = b"x-request-id"


class Measured:
    """Gives each request at a door an id, and reports it. Other routes are not measured.

    The id is the header `X-Request-Id` of the request, or a new one, and it stands in the answer.

    A request ends with the last byte that the application sends. `doors` are the doors with one
    path each; what else is below `/api/` is REST.
    """

    def __init__(self, app: ASGIApp, doors: Mapping[str, str], on_answered: OnAnswered) -> None:
        self._app = app
        self._doors = doors
        self._on_answered = on_answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        door = self._door(scope)
        if door is None:
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(_sent_id(scope))
        header = (_HEADER, request_id.encode())
        with request_at(door, self._on_answered, request_id) as request:

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

    def _door(self, scope: Scope) -> str | None:
        if scope["type"] != "http":
            return None
        path: str = scope["path"]
        return self._doors.get(path) or ("rest" if path.startswith(_REST) else None)


def _sent_id(scope: Scope) -> str | None:
    """Return the id that the caller has sent; None if there is not exactly one."""
    sent = [value for name, value in scope["headers"] if name == _HEADER]
    return sent[0].decode("latin-1") if len(sent) == 1 else None
