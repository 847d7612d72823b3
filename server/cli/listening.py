"""A socket that listens before anything else starts, and uvicorn without its signals."""

import asyncio
import math
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from typing_extensions import override

from server.domain.errors import StartupError
from server.domain.stopping import Stopping

_LOOK_SECONDS = 0.05
_WAITING_CONNECTIONS = 2048


class Server(uvicorn.Server):
    """Leaves signals alone: uvicorn raises one again at its end, before our own cleanup.

    While requests still run at the end, it listens: the application tells new ones that it stops.
    """

    def __init__(self, config: uvicorn.Config, stopping: Stopping) -> None:
        super().__init__(config)
        self._stopping = stopping

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.begin()
        state = self.server_state
        connections, tasks = set(state.connections), set(state.tasks)
        for connection in connections:
            connection.shutdown()

        def is_busy() -> bool:
            return bool(connections & state.connections or tasks & state.tasks)

        while is_busy() and self._stopping.seconds_left():  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(_LOOK_SECONDS)
        self.config.timeout_graceful_shutdown = math.ceil(self._stopping.seconds_left())
        await super().shutdown(sockets)


@contextmanager
def listening(host: str, port: int, *, settings: str = "PORT (or HOST)") -> Iterator[socket.socket]:
    """Yield a listening socket. `settings` names those that say where.

    Raises:
        StartupError: the address is taken, or is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(_WAITING_CONNECTIONS)
        except OSError as error:
            raise StartupError(
                f"Cannot listen on {host} port {port}: {error.strerror}. Set {settings} to "
                "another one, or stop the program that has it."
            ) from error
        yield listener


def address_of(listener: socket.socket) -> str:
    """Return `http://host:port`."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
