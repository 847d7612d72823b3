"""A port beside the main one, for health and metrics."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp

from server.cli.serving.listening import Server, address_of, listening
from server.domain.stopping import Stopping
from server.web.connections.guard import ConnectionGuard
from server.web.connections.serving import config_of

_LARGEST_MESSAGE = 1024  # bytes; there are no WebSockets
_END_SECONDS = 0.5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondPort:
    """A port; `listener` is None if there is none. `serves` says what for, in the log."""

    listener: socket.socket | None
    serves: str
    names_itself: bool

    @asynccontextmanager
    async def answering(
        self, app: ASGIApp, guard: ConnectionGuard, stopping: Stopping
    ) -> AsyncIterator[None]:
        """Serve `app` during the block, if there is a port."""
        if self.listener is None:
            yield
            return
        log.info("%s: %s/metrics", self.serves, address_of(self.listener))
        config = config_of(
            app,
            guard,
            largest_message=_LARGEST_MESSAGE,
            shutdown_seconds=1,
            names_itself=self.names_itself,
        )
        server = Server(config, stopping)
        serving = asyncio.create_task(server.serve(sockets=[self.listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await asyncio.wait({serving}, timeout=_END_SECONDS)


@contextmanager
def second_port(
    host: str, port: int | None, *, settings: str, serves: str, names_itself: bool
) -> Iterator[SecondPort]:
    """Yield the port, which listens; without a number there is none.

    `settings` names those that say where.

    Raises:
        StartupError: the address is taken, or is not one of this machine.
    """
    if port is None:
        yield SecondPort(listener=None, serves=serves, names_itself=names_itself)
        return
    with listening(host, port, settings=settings) as listener:
        yield SecondPort(listener=listener, serves=serves, names_itself=names_itself)
