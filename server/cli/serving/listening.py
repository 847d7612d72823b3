"""A socket that listens before anything else starts, and uvicorn without its signals."""

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import cast

import uvicorn
from typing_extensions import override

from server.domain.errors import StartupError
from server.domain.stopping import Stopping
from server.web.connections.guard import Guarded

UPLOAD_SECONDS = 2.0  # for the rest of a request that comes while the server stops
_LOOK_SECONDS = 0.05
_ANSWER_SECONDS = 0.3
_WAITING_CONNECTIONS = 2048

log = logging.getLogger(__name__)


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
        connections, tasks = self._connections(), set(state.tasks)
        for connection in connections:
            connection.shutdown()

        def is_busy() -> bool:
            return bool(connections & self._connections() or tasks & state.tasks)

        uploads = asyncio.get_running_loop().call_later(
            min(UPLOAD_SECONDS, self._stopping.seconds_left() / 2), self._refuse_unfinished
        )
        while is_busy() and self._stopping.seconds_left():  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(_LOOK_SECONDS)
        uploads.cancel()
        await self._cut_off()
        await super().shutdown(sockets)

    def _connections(self) -> "set[Guarded]":
        return {cast("Guarded", connection) for connection in self.server_state.connections}

    def _refuse_unfinished(self) -> None:
        for connection in self._connections():
            connection.refuse_unfinished()

    async def _cut_off(self) -> None:
        """End what has not ended in time, so that uvicorn has nothing to wait for."""
        for server in self.servers:
            server.close()
        for connection in self._connections():
            connection.refuse_unfinished()
            connection.shutdown()
        await self._wait_until(lambda: not self._connections())
        tasks = set(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            log.warning("%d requests did not end in time, and are cut off", len(tasks))
            await asyncio.wait(tasks, timeout=_ANSWER_SECONDS)
            await self._wait_until(lambda: not self._connections())
        for connection in self._connections():
            connection.end()

    async def _wait_until(self, condition: Callable[[], bool]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_ANSWER_SECONDS):
                while not condition():  # noqa: ASYNC110 - as above
                    await asyncio.sleep(_LOOK_SECONDS)


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
