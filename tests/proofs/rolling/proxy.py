"""A proxy before several servers, as nginx or a service of Kubernetes is one.

It asks each server for `/readyz`, sends requests to those that are ready, keeps connections open,
and goes to the next one if a connection is refused. It sends no request twice.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

log = logging.getLogger(__name__)

ASK_SECONDS = 0.25  # between two looks at `/readyz`
_ANSWER_SECONDS = 2
_READYZ = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
_BAD_GATEWAY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
_COULD_NOT = (OSError, asyncio.IncompleteReadError)

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class Backend:
    """A server, and connections to it that wait for a request."""

    port: int
    is_ready: bool = False
    idle: list[Connection] = field(default_factory=list)

    async def connection(self) -> Connection:
        """Return an idle connection, or a new one.

        Raises:
            OSError: the server refuses it.
        """
        while self.idle:
            reader, writer = self.idle.pop()
            if not (reader.at_eof() or writer.is_closing()):
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self.port)

    def forget_idle(self) -> None:
        """Close the connections that wait."""
        while self.idle:
            self.idle.pop()[1].close()


@dataclass(slots=True)
class Proxy:
    """Counts what it has `forwarded`, what servers `refused`, and what they `cut` off."""

    backends: Sequence[Backend]
    port: int = 0
    forwarded: int = 0
    refused: int = 0
    cut: int = 0
    _turns: "count[int]" = field(default_factory=count)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward the requests of one client until it leaves."""
        with suppress(*_COULD_NOT):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if b"\r\nupgrade: websocket\r\n" in head.lower():
                    await self._tunnel(head, reader, writer)
                    break
                body = await reader.readexactly(_length(head) or 0)
                await self._forward(head + body, writer)
        writer.close()

    async def watch(self) -> None:
        """Ask every server whether it is ready, until cancelled."""
        while True:
            for backend in self.backends:
                was_ready, backend.is_ready = backend.is_ready, await _is_ready(backend.port)
                if was_ready and not backend.is_ready:
                    backend.forget_idle()
            await asyncio.sleep(ASK_SECONDS)

    async def _connect(self) -> tuple[Backend, Connection]:
        """Return a connection to a server that is ready: to each in turn, or to the next."""
        while True:
            first = next(self._turns)
            for place in range(len(self.backends)):
                backend = self.backends[(first + place) % len(self.backends)]
                if backend.is_ready:
                    try:
                        return backend, await backend.connection()
                    except OSError:
                        self.refused += 1
            await asyncio.sleep(0.01)

    async def _forward(self, request: bytes, client: asyncio.StreamWriter) -> None:
        backend, (reader, writer) = await self._connect()
        has_begun = False
        try:
            writer.write(request)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            has_begun = True
            client.write(_without_close(head))
            await _copy_body(head, reader, client)
        except _COULD_NOT as error:
            log.warning("A server cut a request off: %r", error)
            self.cut += 1
            writer.close()
            if has_begun:
                raise
            client.write(_BAD_GATEWAY)
            return
        self.forwarded += 1
        if b"\r\nconnection: close\r\n" in head.lower():
            writer.close()
        else:
            backend.idle.append((reader, writer))

    async def _tunnel(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Copy both ways until one side ends."""
        _, (answers, requests) = await self._connect()
        requests.write(head)
        ways = [
            asyncio.create_task(_copy(reader, requests)),
            asyncio.create_task(_copy(answers, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.wait(ways)
            requests.close()


@asynccontextmanager
async def proxying(ports: Sequence[int]) -> AsyncIterator[Proxy]:
    """Run a proxy before servers on these ports of this machine."""
    proxy = Proxy([Backend(port) for port in ports])
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=2**22)
    proxy.port = server.sockets[0].getsockname()[1]
    watching = asyncio.create_task(proxy.watch())
    try:
        yield proxy
    finally:
        watching.cancel()
        server.close()
        for backend in proxy.backends:
            backend.forget_idle()


async def _is_ready(port: int) -> bool:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(_READYZ)
            answer = await reader.read(-1)
            writer.close()
    except (OSError, TimeoutError):
        return False
    return answer.startswith(b"HTTP/1.1 200 ")


def _header(head: bytes, name: bytes) -> bytes | None:
    for line in head.split(b"\r\n")[1:]:
        found, _, value = line.partition(b":")
        if found.lower() == name:
            return value.strip()
    return None


def _length(head: bytes) -> int | None:
    value = _header(head, b"content-length")
    return None if value is None else int(value)


def _without_close(head: bytes) -> bytes:
    """Return the head of an answer without what it says of the server's own connection."""
    return b"\r\n".join(
        line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")
    )


async def _copy_body(
    head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    length = _length(head)
    if length is not None:
        writer.write(await reader.readexactly(length))
        return
    size = -1
    while size:  # chunks, of which the last is empty
        line = await reader.readuntil(b"\r\n")
        size = int(line, 16)
        writer.write(line + await reader.readexactly(size + 2))
        await writer.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
