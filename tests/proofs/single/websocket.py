"""Frames of a WebSocket that no library would send."""

import json
import zlib
from collections.abc import Sequence

from tests.proofs.server import Server
from tests.proofs.single.exchange import Peer
from tests.proofs.single.queries import products
from tests.proofs.single.row import Attempt, Row

_MB = 1_000_000
_HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"sec-websocket-protocol: graphql-transport-ws\r\n"
    b"sec-websocket-extensions: permessage-deflate\r\n\r\n"
)
_TEXT, _CLOSE = 1, 8
_INIT = b'{"type":"connection_init"}'


def rows() -> Sequence[Row]:
    """Return the rows of the WebSocket."""
    ping = json.dumps({"type": "ping", "payload": {"x": "x" * 15 * _MB}}).encode()
    init = json.dumps({"type": "connection_init", "payload": {"x": "x" * 15 * _MB}}).encode()
    text = json.dumps({"id": "1", "type": "subscribe", "payload": {"query": products(15)}}).encode()
    return [
        Row(
            "50 compressed pings of 15 KB, WebSocket",
            lambda: _talk([_frame(_deflated(ping), compressed=True)] * 50),
            long=True,
        ),
        Row("a ping of 15 MB, WebSocket", lambda: _talk([_frame(ping)])),
        Row("a connection_init of 15 MB, WebSocket", lambda: _talk([], _frame(init))),
        Row("30 MB of fractions, WebSocket", lambda: _talk([_frame(_fractions(7_500_000))])),
        Row("1 MB of fractions, WebSocket", lambda: _talk([_frame(_fractions(250_000))])),
        Row("30 MB cut off, WebSocket", lambda: _talk([_frame(_fractions(7_500_000)[:-3])])),
        Row(
            "a connection_init of 15 KB of fractions, WebSocket",
            lambda: _talk([], _frame(_fractions(3_700, "connection_init"))),
        ),
        Row("15 pages of products, WebSocket", lambda: _talk([_frame(text)])),
    ]


def _fractions(count: int, kind: str = "subscribe") -> bytes:
    """Return a message with a list of fractions."""
    values = [0.1] * count
    payload = {"query": "{ __typename }", "variables": {"x": values}}
    return json.dumps({"id": "1", "type": kind, "payload": payload}, separators=(",", ":")).encode()


def _talk(frames: Sequence[bytes], first: bytes | None = None) -> Attempt:
    """Return the attempt to send `frames` and hear as many messages after the acknowledgement."""

    def send(server: Server) -> str:
        peer = Peer.of(server)
        with peer.socket:
            peer.send(_HANDSHAKE)
            heard = peer.receive()
            while b"\r\n\r\n" not in heard:
                heard += peer.receive()
            _, _, rest = heard.partition(b"\r\n\r\n")
            messages = _Messages(peer, rest)
            peer.send(first or _frame(_INIT))
            texts = messages.until(1)
            for frame in frames:
                if messages.closed or not peer.send(frame):
                    break
            messages.until(texts + len(frames))
            return messages.closed or "ok"

    return Attempt(len(first or b"") + sum(map(len, frames)), send)


class _Messages:
    """What the server sends; `closed` is how it closed the connection, empty if it has not."""

    def __init__(self, peer: Peer, received: bytes) -> None:
        self._peer = peer
        self._received = received
        self._texts = 0
        self.closed = ""

    def until(self, texts: int) -> int:
        """Return how many messages have come, `texts` if the connection stays open."""
        while self._texts < texts and not self.closed:
            opcode, content = self._frame()
            if opcode == _TEXT:
                self._texts += 1
            elif opcode == _CLOSE:
                self.closed = f"closed {int.from_bytes(content[:2], 'big')}"
        return self._texts

    def _frame(self) -> tuple[int, bytes]:
        opcode, length = self._take(1)[0] & 15, self._take(1)[0]
        if length > 125:
            length = int.from_bytes(self._take(2 if length == 126 else 8), "big")
        content = self._take(length)
        return (_CLOSE, b"") if self.closed else (opcode, content)

    def _take(self, count: int) -> bytes:
        pieces, size = [self._received], len(self._received)
        while size < count:
            piece = self._peer.receive()
            if not piece:
                self.closed = "hung up"
                return bytes(count)
            pieces.append(piece)
            size += len(piece)
        whole = b"".join(pieces)
        self._received = whole[count:]
        return whole[:count]


def _frame(content: bytes, *, compressed: bool = False) -> bytes:
    """Return a frame with a text, masked with zeros."""
    return (
        bytes([0x80 | (0x40 if compressed else 0) | _TEXT, 0x80 | 127])
        + len(content).to_bytes(8, "big")
        + bytes(4)
        + content
    )


def _deflated(content: bytes) -> bytes:
    compressor = zlib.compressobj(9, wbits=-15)
    return (compressor.compress(content) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]
