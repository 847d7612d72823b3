"""Middleware that measures the requests at the doors over HTTP."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.domain.refusal import INTERNAL
from server.web.requests import OK, OnAnswered, request_at

_REST = "/api/"


class Measured:
    """Reports each request at a door. Other routes, such as `/metrics`, are not measured.

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
        with request_at(door, self._on_answered) as request:

            async def noted(message: Message) -> None:
                is_fault = message["type"] == "http.response.start" and message["status"] >= 500
                if is_fault and request.code == OK:
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
