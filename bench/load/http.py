"""HTTP/1.1 as far as the measurements need it: requests in one piece, and answers with a length."""

import socket
import time
from typing import NamedTuple

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"
_PIECE_BYTES = 1 << 20
_SECONDS = 120.0  # no answer takes longer
_IDLE_SECONDS = 3.0  # uvicorn closes a connection after 5 s


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    body: bytes


def request(method: str, path: str, body: bytes = b"") -> bytes:
    """Return the bytes of the request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json"]
    if method == "POST":
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + _HEAD_END + body


def answer_in(received: bytes | bytearray) -> Answer | None:
    """Return the answer once all of it has been received.

    Raises:
        ValueError: this is no answer with a length.
    """
    end = received.find(_HEAD_END)
    if end < 0:
        return None
    head = bytes(received[:end]).lower()
    start = head.find(_LENGTH)
    if not head.startswith(b"http/1.1 ") or start < 0:
        raise ValueError(f"No HTTP/1.1 answer with a Content-Length: {head[:500]!r}")
    length = int(head[start + len(_LENGTH) :].split(b"\r\n", 1)[0])
    body = received[end + len(_HEAD_END) :]
    return Answer(int(head[9:12]), bytes(body)) if len(body) >= length else None


class Connection:
    """A connection that is kept alive, and made again when the server may have closed it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._socket: socket.socket | None = None
        self._used = 0.0

    def exchange(self, message: bytes) -> tuple[float, Answer]:
        """Return the seconds from sending the request to the answer's last byte, and the answer."""
        connected = self._connected()
        received = bytearray()
        started = time.perf_counter()
        connected.sendall(message)
        while (answer := _answer_so_far(received)) is None:
            piece = connected.recv(_PIECE_BYTES)
            if not piece:
                raise ConnectionError("The server closed the connection before it had answered")
            received += piece
        seconds = time.perf_counter() - started
        self._used = time.monotonic()
        return seconds, answer

    def close(self) -> None:
        """Close the connection; the next exchange opens another one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if time.monotonic() - self._used > _IDLE_SECONDS:
            self.close()
        if self._socket is None:
            self._socket = socket.create_connection(self._address, _SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket


def _answer_so_far(received: bytearray) -> Answer | None:
    return answer_in(received) if received else None
