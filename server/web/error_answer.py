"""The one form of an error over HTTP: `{"error": {"code", "message", …}}`.

Every door answers in it, also where there is no door, and so do the connections themselves. GraphQL
and Convex answer in the forms of their own protocols.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from server.domain.refusal import cut_short, named
from server.web.cutting import cut_off
from server.web.json_value import json_answer
from server.web.refusal import Refused, not_found, to_refused
from server.web.requests import CLIENT_LEFT, note_code

_DENIAL = "websocket.http.response"  # the extension of ASGI that answers a handshake
_READING = ("GET", "HEAD", "OPTIONS", "TRACE")

log = logging.getLogger(__name__)


def json_error(
    status: int, code: str, message: str, *, headers: Mapping[str, str], **more: Any
) -> Response:
    """Return an answer with an error, of which there is `more` to say."""
    error = {"code": code, "message": message, **more}
    return json_answer({"error": error}, status, headers)


def error_answer(error: Exception) -> Response:
    """Return what the caller sees in place of `error`."""
    refused = to_refused(error)
    refusal = refused.refusal
    note_code(refusal.code)
    more: dict[str, Any] = {"reasons": list(refused.reasons)} if refused.reasons else {}
    more |= {"file": refused.file} if refused.file else {}
    more |= named(refusal)
    return json_error(
        refused.status, refusal.code, refusal.message, headers=refused.headers, **more
    )


async def answer_error(_request: Request, error: Exception) -> Response:
    """Answer an error of Starlette's own: an unknown path, or a wrong method."""
    return error_answer(error)


async def deny(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, or the handshake of a WebSocket, with an error."""
    answer = error_answer(error)
    if scope["type"] == "http" or _DENIAL in scope.get("extensions", {}):
        await answer(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008})


async def no_socket(socket: WebSocket) -> None:
    """Answer the handshake of a WebSocket at a path that has none."""
    error = not_found("There is no WebSocket at this path.")
    await deny(error, socket.scope, socket.receive, socket.send)


class ErrorsAnswered:
    """Middleware that answers every error of a request over HTTP, and logs a fault once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except ClientDisconnect:
            note_code(CLIENT_LEFT)  # it had not sent or read everything
        except asyncio.CancelledError:  # the server stops, and has waited for long enough
            if has_begun:
                if not cut_off(scope):
                    raise
                return
            refused = Refused(cut_short(has_begun=scope["method"] not in _READING))
            await error_answer(refused)(scope, receive, send)
        except Exception as error:
            if not has_begun:
                await error_answer(error)(scope, receive, send)
                return
            log.warning("An answer of %s ended early", scope["path"], exc_info=error)
            if not cut_off(scope):  # the caller sees that the answer is not whole
                raise
