"""A client of HTTP/1.1 that writes what it is given, and keeps its connection."""

import asyncio
from dataclasses import dataclass
from functools import partial

from tests.support.web.doors import Sent

_LARGEST_PIECE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer; the names of `headers` are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class HttpClient:
    """One connection, which is opened again when the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, sent: Sent) -> Answer:
        """Send a request, and return the answer.

        Raises:
            OSError: the connection broke.
            asyncio.IncompleteReadError: it ended before the answer did.
        """
        is_old = self._streams is not None
        try:
            return await self._ask(sent)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.close()
            has_begun = isinstance(error, asyncio.IncompleteReadError) and error.partial
            if has_begun or not is_old:
                raise
        return await self._ask(sent)  # the server had closed a connection that was idle

    async def hang_up(self, sent: Sent) -> None:
        """Send a part of a request, and close the connection."""
        _, writer = self._streams or await self._opened()
        data = _bytes_of(sent)
        writer.write(data[: len(data) * 2 // 3])
        await writer.drain()
        self.close()

    def close(self) -> None:
        """Close the connection at once."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        return self._streams

    async def _ask(self, sent: Sent) -> Answer:
        reader, writer = self._streams or await self._opened()
        writer.write(_bytes_of(sent))
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head.rstrip().split("\r\n")
        pairs = (one.partition(":") for one in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        status = int(line.split(" ", 2)[1])
        body = b"" if sent.method == "HEAD" else await _body(reader, headers)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status=status, headers=headers, body=body)


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    if headers.get("transfer-encoding") != "chunked":
        return b""
    pieces = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        pieces.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(pieces)


def _bytes_of(sent: Sent) -> bytes:
    target = f"{sent.path}?{sent.query}" if sent.query else sent.path
    head = [f"{sent.method} {target} HTTP/1.1", "host: 127.0.0.1"]
    head += [f"{name}: {value}" for name, value in sent.headers]
    body = sent.body
    if any(name.lower() == "transfer-encoding" for name, _ in sent.headers):
        starts = range(0, min(len(body), 5_000), _LARGEST_PIECE)
        pieces = [body[start : start + _LARGEST_PIECE] for start in starts] + [body[5_000:]]
        write = partial(b"%x\r\n%b\r\n".__mod__)
        body = b"".join(write((len(piece), piece)) for piece in pieces if piece) + b"0\r\n\r\n"
    elif body or sent.method == "POST":
        head.append(f"content-length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode("latin-1", errors="replace") + body
