"""Answers that a connection itself writes, to what is no request or comes too much."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from server.web.connections.limits import PROBES
from server.web.error_answer import json_error

TOO_MANY: Final = "The server has as many connections as it may: try again a little later."


def raw_answer(status: HTTPStatus, code: str, message: str) -> bytes:
    """Return a whole HTTP answer, after which the connection is closed."""
    answer = _closing(status, code, message)
    lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
    lines += [name + b": " + value for name, value in answer.raw_headers]
    return b"\r\n".join([*lines, b"", bytes(answer.body)])


class HealthOnly:
    """The application of a connection that is one too many: it tells whether the server is well."""

    def __init__(self, app: ASGIApp, on_refused: Callable[[int], None]) -> None:
        self._app = app
        self._on_refused = on_refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        status = HTTPStatus.SERVICE_UNAVAILABLE
        self._on_refused(status)
        await _closing(status, "OVERLOADED", TOO_MANY)(scope, receive, send)


def _closing(status: HTTPStatus, code: str, message: str) -> Response:
    """Return an answer in the form of every error, after which the connection is closed."""
    headers = {"connection": "close"}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = "1"
    return json_error(status, code, message, headers=headers)
