"""Which pages may call, and under which names the server answers.

A page that a developer visits can send requests to a server on the same machine. Two rules keep it
from reading or changing anything: the origin of the page must be allowed, and the name in `Host`
must be one of the server's. Without the second rule a page could let its own name lead to this
machine (DNS rebinding), and then its origin would be the server's own.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from server.domain.loopback import is_loopback
from server.web.json_value import json_answer

ALL, LOOPBACK = "*", "loopback"  # of a list of origins or of hosts: any, and those of this machine
_LOOPBACK_ORIGIN: Final = r"https?://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?"
_LONGEST: Final = 300  # bytes: a name has 253 at most
_PROBES: Final = ("/healthz", "/readyz", "/metrics")  # asked by address, as by Kubernetes


def allows(origins: Sequence[str], origin: str) -> bool:
    """Return whether a page of `origin` may call."""
    if ALL in origins or origin in origins:
        return True
    return LOOPBACK in origins and re.fullmatch(_LOOPBACK_ORIGIN, origin) is not None


def cors(origins: Sequence[str]) -> Middleware:
    """Return the middleware for pages of other origins. No cookie is needed, so none is allowed."""
    return Middleware(
        CORSMiddleware,
        allow_origins=[origin for origin in origins if origin != LOOPBACK],
        allow_origin_regex=_LOOPBACK_ORIGIN if LOOPBACK in origins else None,
        allow_methods=["GET", "HEAD", "POST"],
        allow_headers=["*"],
        expose_headers=[
            "Content-Disposition",
            "Idempotent-Replayed",
            "Location",
            "Retry-After",
            "X-Request-Id",
        ],
    )


class AllowedHosts:
    """Refuses requests whose header `Host` has none of the server's names: 421."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        """Take names without ports; `*` is any name, and `loopback` those of this machine."""
        self._app = app
        self._hosts = {host.lower() for host in hosts}
        self._takes = lru_cache(64)(self._is_one)  # a client sends the same one again and again

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_for_all = ALL in self._hosts or scope["type"] not in ("http", "websocket")
        if is_for_all or scope["path"] in _PROBES:
            await self._app(scope, receive, send)
            return
        sent = [value for name, value in scope["headers"] if name == b"host"]
        if len(sent) == 1 and len(sent[0]) <= _LONGEST and self._takes(sent[0]):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # the handshake gets 403
        else:
            message = (
                "The server does not answer under the name in the header Host: call it by another "
                "one, or add it to ALLOWED_HOSTS."
            )
            answer = {"error": {"code": "MISDIRECTED_REQUEST", "message": message}}
            await json_answer(answer, 421)(scope, receive, send)

    def _is_one(self, sent: bytes) -> bool:
        host = _name(sent.decode("latin-1"))
        return host in self._hosts or (LOOPBACK in self._hosts and is_loopback(host))


def _name(host: str) -> str:
    """Return the name in a header `Host`, without the port, in lower case."""
    name = host.lower().rpartition("]")[0].removeprefix("[") if host.startswith("[") else ""
    return name or host.lower().partition(":")[0].removesuffix(".")
