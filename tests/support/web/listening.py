"""An application behind real sockets, in the event loop of the test."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from server.web.connections.flight import CountedBodies
from server.web.connections.guard import ConnectionGuard
from server.web.connections.limits import ConnectionLimits
from server.web.connections.serving import config_of
from tests.support.waiting import until

LARGEST_MESSAGE = 100_000


@dataclass
class Peer:
    """A client that says what it likes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sent: int = 0

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()
        self.sent += len(data)

    async def all(self) -> bytes:
        """Return everything until the server closes the connection."""
        try:
            return await asyncio.wait_for(self.reader.read(-1), 10)
        except ConnectionResetError:
            return b""


@dataclass
class Listening:
    """A server that listens; `port` is on loopback."""

    port: int
    guard: ConnectionGuard
    uvicorn: uvicorn.Server
    peers: list[Peer] = field(default_factory=list)

    async def peer(self, **options: Any) -> Peer:
        """Open a connection."""
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self.port, **options))
        self.peers.append(peer)
        return peer

    async def peer_of(self, connected: socket.socket) -> Peer:
        """Return the client at the end of a socket that is connected already."""
        peer = Peer(*await asyncio.open_connection(sock=connected))
        self.peers.append(peer)
        return peer

    async def answer(self, request: bytes) -> bytes:
        """Return the whole answer to one request on a connection of its own."""
        peer = await self.peer()
        await peer.send(request)
        return await peer.all()


@asynccontextmanager
async def listening(app: ASGIApp, **limits: Any) -> AsyncIterator[Listening]:
    """Serve the application with these connection limits, the rest being those of the server."""
    guard = ConnectionGuard(ConnectionLimits(**limits))
    config = config_of(
        CountedBodies(app, guard.flight), guard, largest_message=LARGEST_MESSAGE, shutdown_seconds=1
    )
    server = uvicorn.Server(config)
    server.capture_signals = _no_signals  # type: ignore[method-assign, assignment]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(2048)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        watching = asyncio.create_task(guard.watch())
        await until(lambda: server.started)
        found = Listening(listener.getsockname()[1], guard, server)
        try:
            yield found
        finally:
            for peer in found.peers:
                peer.writer.transport.abort()
            server.should_exit = True
            await serving
            watching.cancel()


class _NoSignals:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


def _no_signals() -> _NoSignals:
    return _NoSignals()
