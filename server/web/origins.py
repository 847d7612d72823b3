"""Which pages may call, and under which names the server answers.

A page that a developer visits can send requests to a server on the same machine. Two rules keep it
from reading or changing anything: the origin of the page must be allowed, and the name in `Host`
must be one of the server's. Without the second rule a page could let its own name lead to this
machine (DNS rebinding), and then its origin would be the server's own.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from server.domain.loopback import is_ipv6, is_loopback
from server.web.connections.limits import PROBES
from server.web.error_answer import deny, error_answer
from server.web.refusal import Refused, bad_input, misdirected

ALL, LOOPBACK = "*", "loopback"  # of a list of origins or of hosts: any, and those of this machine
_LOOPBACK_ORIGIN: Final = r"https?://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?"
_LONGEST: Final = 300  # bytes: a name has 253 at most
_LAST_PORT: Final = 65535
_HOST: Final = re.compile(
    r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._~!$&'()*+,;=%-]+))(?::(?P<port>[0-9]{0,9}))?"
)


def allows(origins: Sequence[str], origin: str) -> bool:
    """Return whether a page of `origin` may call."""
    if ALL in origins or origin in origins:
        return True
    return LOOPBACK in origins and re.fullmatch(_LOOPBACK_ORIGIN, origin) is not None


class _Cors(CORSMiddleware):
    """Refuses a page that may not call in the form of every error."""

    @override
    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:
            return answer
        refused = error_answer(bad_input([f"{bytes(answer.body).decode()}."]))
        kept = [pair for pair in answer.raw_headers if not pair[0].startswith(b"content-")]
        refused.raw_headers += kept
        return refused


def cors(origins: Sequence[str]) -> Middleware:
    """Return the middleware for pages of other origins. No cookie is needed, so none is allowed."""
    return Middleware(
        _Cors,
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
    """Refuses a request that names no host, or a malformed one (400), or a foreign one (421)."""

    def __init__(
        self,
        app: ASGIApp,
        hosts: Sequence[str],
        on_refused: Callable[[int], None] = lambda _status: None,
    ) -> None:
        """Take names without ports; `*` is any name, and `loopback` those of this machine.

        `on_refused` is told the status of each request that is refused.
        """
        self._app = app
        self._hosts = {host.lower() for host in hosts}
        self._on_refused = on_refused
        self._name = lru_cache(64)(_name)  # a client sends the same one again and again
        self._is_one = lru_cache(64)(self._names_us)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refused = self._refusal(scope)
        if refused is None:
            await self._app(scope, receive, send)
        else:
            self._on_refused(refused.status)
            await deny(refused, scope, receive, send)

    def _refusal(self, scope: Scope) -> Refused | None:
        sent = [value for name, value in scope["headers"] if name == b"host"]
        is_for_all = ALL in self._hosts or scope["path"] in PROBES
        if not sent and scope["http_version"] == "1.0":  # which had no such header
            return None if is_for_all else misdirected()
        if len(sent) != 1:
            return bad_input([f"There are {len(sent)} headers Host: send one."])
        name = self._name(sent[0]) if len(sent[0]) <= _LONGEST else None
        if name is None:
            return bad_input(
                ["The header Host is not a name or an address with or without a port."]
            )
        return None if is_for_all or self._is_one(name) else misdirected()

    def _names_us(self, name: str) -> bool:
        return name in self._hosts or (LOOPBACK in self._hosts and is_loopback(name))


def _name(sent: bytes) -> str | None:
    """Return the name in a header `Host`, without the port, in lower case; None if it is no name.

    The form is that of RFC 9110, section 7.2, so it has no user.
    """
    found = _HOST.fullmatch(sent.decode("latin-1").lower())
    if found is None or int(found["port"] or 0) > _LAST_PORT:
        return None
    address = found["address"]
    if address is None:
        return found["name"].removesuffix(".")
    return address if is_ipv6(address) else None
