"""Answers to what is no request yet, written by the protocol itself, in the form of `/api`."""

import json
from collections.abc import Callable
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

_ALWAYS = ("/healthz", "/readyz", "/metrics")
TOO_MANY = "The server has as many connections as it may: try again a little later."


def raw_answer(status: HTTPStatus, code: str, message: str) -> bytes:
    """Return a whole HTTP answer, after which the connection is closed."""
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    retry = "retry-after: 1\r\n" if status is HTTPStatus.SERVICE_UNAVAILABLE else ""
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n{retry}\r\n"
    )
    return head.encode() + body


class HealthOnly:
    """The application of a connection that is one too many: it tells whether the server is well."""

    def __init__(self, app: ASGIApp, on_refused: Callable[[int], None]) -> None:
        self._app = app
        self._on_refused = on_refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in _ALWAYS:
            await self._app(scope, receive, send)
            return
        self._on_refused(HTTPStatus.SERVICE_UNAVAILABLE)
        body = json.dumps({"error": {"code": "OVERLOADED", "message": TOO_MANY}}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            (b"retry-after", b"1"),
        ]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": body})
