"""A network that fails once: a proxy which cuts the first connection when its answer comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit


@asynccontextmanager
async def cut_once(url: str) -> AsyncIterator[str]:
    """The address of the proxy of the server at `url`, which must be http."""
    parts = urlsplit(url)
    proxy = _Proxy(parts.hostname or "", parts.port or 80)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield urlunsplit(parts._replace(netloc=f"{host}:{port}"))


class _Proxy:
    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._has_cut = False

    async def serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection(self._host, self._port)
        requests = asyncio.create_task(_pass_on(client, to_server))
        try:
            while answer := await server.read(65_536):
                if not self._has_cut:  # the server has done its work, and nobody is told
                    self._has_cut = True
                    break
                to_client.write(answer)
                await to_client.drain()
        finally:
            requests.cancel()
            to_server.close()
            to_client.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()
