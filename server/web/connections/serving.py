"""uvicorn with our connections."""

import asyncio
import os
from functools import partial
from typing import Final, cast

import uvicorn
from starlette.types import ASGIApp

from server.web.connections.guard import ConnectionGuard
from server.web.connections.http import HttpConnection
from server.web.connections.websocket import WebSocketConnection

FORWARDED: Final = "FORWARDED_ALLOW_IPS"  # uvicorn's own: the proxies that say who calls


def config_of(
    app: ASGIApp,
    guard: ConnectionGuard,
    *,
    largest_message: int,
    shutdown_seconds: int,
    names_itself: bool = True,
) -> uvicorn.Config:
    """Return uvicorn's configuration for `app`.

    `largest_message` is in bytes, of a WebSocket. `names_itself`: answers have the header `server`.
    """
    return uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", partial(HttpConnection, guard=guard)),
        ws=cast("type[asyncio.Protocol]", partial(WebSocketConnection, guard=guard)),
        ws_max_size=largest_message,
        ws_per_message_deflate=False,  # 50 messages of 15 KB would take 180 MB
        proxy_headers=FORWARDED in os.environ,  # without it, any client could name any address
        server_header=names_itself,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=shutdown_seconds,
    )
