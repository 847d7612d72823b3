"""The content security policy of the page: it may load and do what is listed here, and no more."""

import re
from collections.abc import Sequence

_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?")  # a policy takes no IPv6 address


def policy(
    *,
    host: str,
    nonce: str | None = None,
    scripts: Sequence[str] = (),
    styles: Sequence[str] = (),
) -> str:
    """Return the value of `Content-Security-Policy` for a page that `host` serves.

    Scripts and style sheets are ours, or among `scripts` and `styles`. A <style> element needs the
    nonce; without one, there may be none.
    """
    rules = {
        "default-src": ["'none'"],
        "script-src": ["'self'", *scripts],
        "style-src": ["'self'", *styles, *([f"'nonce-{nonce}'"] if nonce else [])],
        "connect-src": ["'self'", *_web_sockets(host)],
        "worker-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'", "data:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(" ".join([name, *sources]) for name, sources in rules.items())


def _web_sockets(host: str) -> list[str]:
    """Return the WebSocket sources of `host`: Safari before 15.4 does not count them to 'self'."""
    return [f"{scheme}://{host}" for scheme in ("ws", "wss")] if _HOST.fullmatch(host) else []
