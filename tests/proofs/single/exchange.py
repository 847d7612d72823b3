"""Send bytes to a server and read one HTTP answer, also one that comes before all is sent."""

import json
import select
import socket
import time
from dataclasses import dataclass
from typing import Any

from tests.proofs.server import Server
from tests.proofs.single.row import DEADLINE_SECONDS, Attempt, Unanswered

_PIECE = 256 * 1024
_LONGEST_READ = 200_000  # bytes of an answer in which a code is looked for


@dataclass(slots=True)
class Peer:
    """A connection, with a deadline for all that happens on it."""

    socket: socket.socket
    until: float

    @staticmethod
    def of(server: Server, seconds: float = DEADLINE_SECONDS) -> "Peer":
        """Open a connection."""
        connection = socket.create_connection(("127.0.0.1", server.port), 10)
        connection.setblocking(False)
        return Peer(connection, time.monotonic() + seconds)

    def send(self, content: bytes) -> bool:
        """Send `content`; return False if the server answers or hangs up meanwhile."""
        view = memoryview(content)
        while view:
            readable, writable = self._ready([self.socket], [self.socket])
            if readable:
                return False
            if writable:
                try:
                    view = view[self.socket.send(view[:_PIECE]) :]
                except OSError:
                    return False
        return True

    def receive(self) -> bytes:
        """Return what comes next; nothing if the server has hung up."""
        self._ready([self.socket], [])
        try:
            return self.socket.recv(1 << 20)
        except OSError:
            return b""

    def answer(self) -> str:
        """Return the status and the code of the HTTP answer."""
        head, body = self.receive(), b""
        while head and b"\r\n\r\n" not in head:
            more = self.receive()
            head = head + more if more else b""
        if not head:
            return "hung up"
        head, _, body = head.partition(b"\r\n\r\n")
        length = _length(head)
        pieces, read = [body], len(body)
        while read < length and (piece := self.receive()):
            pieces.append(piece)
            read += len(piece)
        status = head[9:12].decode()
        return f"{status} {_code(b''.join(pieces))}" if read <= _LONGEST_READ else status

    def _ready(self, read: list[Any], write: list[Any]) -> tuple[bool, bool]:
        left = self.until - time.monotonic()
        readable, writable, _ = select.select(read, write, [], max(left, 0))
        if not readable and not writable:
            raise Unanswered
        return bool(readable), bool(writable)


def request(
    path: str, body: bytes, media_type: str = "application/json", *, method: str = "POST"
) -> bytes:
    """Return an HTTP request."""
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {media_type}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def attempt(content: bytes) -> Attempt:
    """Return the attempt to send an HTTP request."""

    def send(server: Server) -> str:
        peer = Peer.of(server)
        with peer.socket:
            peer.send(content)
            return peer.answer()

    return Attempt(len(content), send)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


def _code(body: bytes) -> str:
    """Return the first code in an answer."""
    try:
        answer = json.loads(body)
    except ValueError:
        return ""
    errors = answer.get("errors") or [answer.get("error") or answer.get("errorData")]
    code = (errors[0] or {}).get("code") or (errors[0] or {}).get("extensions", {}).get("code")
    if code is None and errors[0]:
        return "error"
    return str(code or "")
