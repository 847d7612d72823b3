"""A port beside the main one, for health and metrics."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from starlette.types import ASGIApp

from server.cli.listening import Server, listening
from server.domain.stopping import Stopping
from server.web.connections.guard import ConnectionGuard
from server.web.connections.serving import config_of

_LARGEST_MESSAGE = 1024  # bytes; there are no WebSockets
_END_SECONDS = 0.5


@contextmanager
def listening_if(host: str, port: int | None, *, settings: str) -> Iterator[socket.socket | None]:
    """Yield a listening socket; None if there is no port. `settings` names those that say where.

    Raises:
        StartupError: the address is taken, or is not one of this machine.
    """
    if port is None:
        yield None
        return
    with listening(host, port, settings=settings) as listener:
        yield listener


@asynccontextmanager
async def answering(
    app: ASGIApp,
    guard: ConnectionGuard,
    listener: socket.socket | None,
    stopping: Stopping,
    *,
    names_itself: bool,
) -> AsyncIterator[None]:
    """Serve `app` during the block, if there is a socket."""
    if listener is None:
        yield
        return
    config = config_of(
        app,
        guard,
        largest_message=_LARGEST_MESSAGE,
        shutdown_seconds=1,
        names_itself=names_itself,
    )
    server = Server(config, stopping)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({serving}, timeout=_END_SECONDS)
