"""A WebSocket connection of uvicorn, with limits on its messages and on how long it takes."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from typing_extensions import override
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request

from server.web.connections.guard import ConnectionGuard
from server.web.connections.limits import UNACKNOWLEDGED_BYTES
from server.web.connections.progress import Progress
from server.web.connections.reset import reset
from server.web.cutting import CONNECTION

MOST_FRAMES: Final = 1_000  # of one message; a browser sends one, libraries cut at 16 KB or more
_LINGER_SECONDS: Final = 2

# uvicorn logs the whole address, and websockets headers and messages as well: keys may be in them.
_QUIET = logging.getLogger("server.web.connections.handshake")
_QUIET.setLevel(logging.WARNING)


class WebSocketConnection(WebSocketsSansIOProtocol):
    """Takes 16 KB in all before the acknowledgement, and `ws_max_size` a message after it."""

    protocol: Final = "websocket"

    def __init__(self, *args: Any, guard: ConnectionGuard, **options: Any) -> None:
        super().__init__(*args, **options)
        self.address: str | None = None
        self._guard = guard
        self._sending = Progress(guard.limits.transfer_seconds)
        self._receiving = Progress(guard.limits.transfer_seconds)
        self._unsent = 0
        self._pending = 0  # bytes of a message that is not complete
        self._is_open = self._is_acknowledged = self._is_cut_off = False
        self._is_stopping = False
        self._under_way: list[Callable[[], bool]] = []
        self._greeting = 0  # bytes that came before the acknowledgement
        self.conn.max_message_size = UNACKNOWLEDGED_BYTES
        self.logger = self.conn.logger = _QUIET
        self.conn.debug = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.address = self.client[0] if self.client else None
        self._guard.admit(self)  # its handshake was admitted as an HTTP connection

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._guard.forget(self)
        self._guard.flight.received -= self._pending
        self._pending = 0
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._is_cut_off:
            return
        was_open = self._is_open
        super().data_received(data)
        self._receiving.moved += len(data)
        if was_open and not self._is_acknowledged:
            self._greeting += len(data)
        if self._greeting > UNACKNOWLEDGED_BYTES:
            self._cut_off(1009, "The connection is not acknowledged, and has sent 16 KB.")
        if self._is_cut_off:
            return
        before, self._pending = self._pending, self._incomplete()
        flight = self._guard.flight
        flight.received += self._pending - before
        if self._pending > before and flight.is_over():
            self._cut_off(1013, "The server holds as many bytes as it may: try again later.")

    def retire(self) -> None:
        """Do nothing: the connection has no end of its own, so it lasts until the server's."""

    def refuse_unfinished(self) -> None:
        """Do nothing: a message that has not come whole is not answered."""

    @contextmanager
    def kept_open(self, changes: Callable[[], bool]) -> Iterator[None]:
        """Keep the connection open during the block, while it `changes` something.

        A server that stops waits for it.
        """
        self._under_way.append(changes)
        try:
            yield
        finally:
            self._under_way.remove(changes)
            self._close_if_stopped()

    @override
    def shutdown(self) -> None:
        is_second, self._is_stopping = self._is_stopping, True
        if not self.transport.is_closing() and (is_second or not self._is_changing()):
            super().shutdown()

    def _is_changing(self) -> bool:
        return any(changes() for changes in self._under_way)

    def _close_if_stopped(self) -> None:
        if self._is_stopping and not (self.transport.is_closing() or self._is_changing()):
            super().shutdown()

    def _incomplete(self) -> int:
        """Return how many bytes of an incomplete message are held."""
        return len(self.conn.reader.buffer) + sum(map(len, self.frames))

    def _cut_off(self, code: int, reason: str) -> None:
        """Close the connection, whatever it was in the middle of."""
        if self._is_cut_off or self.transport.is_closing():
            return
        if not self.handshake_complete:  # the application has yet to accept it, and would fail
            self.transport.abort()
        else:
            self.conn.fail(code, reason)
            self.handle_parser_exception()

    @override
    def handle_parser_exception(self) -> None:
        """Say why the connection ends, and drop what the peer still sends, until it has read that.

        A connection that is closed while bytes of it are unread is reset, and the reason is lost.
        """
        sent = self.conn.close_sent
        if sent is None or self._is_cut_off:
            return
        self._is_cut_off = self.close_sent = True
        self._guard.on_refused(sent.code)
        self._guard.flight.received -= self._pending
        self._pending = 0
        self.frames = []
        self.conn.reader.buffer.clear()
        self.queue.put_nowait(
            {"type": "websocket.disconnect", "code": sent.code, "reason": sent.reason}
        )
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.write_eof()  # the peer hangs up when it has read to here
        self.close_timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    @override
    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            self._is_open = True
            self.scope["state"][CONNECTION] = self

    @override
    async def send(self, message: ASGISendEvent) -> None:
        """Send, and take a handshake that was refused with an answer for complete.

        uvicorn logs an error otherwise, for every such handshake.
        """
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True

    @override
    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) < MOST_FRAMES:
            super().handle_cont(event)
        else:
            self._cut_off(1009, f"The message has more than {MOST_FRAMES} frames.")

    @override
    def send_receive_event_to_app(self) -> None:
        """Close on a text that is not UTF-8; uvicorn logs a traceback for it, too."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self._cut_off(1007, "The message is not UTF-8.")
                return
        super().send_receive_event_to_app()

    def acknowledge(self) -> None:
        """Note that the connection was acknowledged: its messages may now have their full size."""
        self._is_acknowledged, self._greeting = True, 0
        self.conn.max_message_size = self.config.ws_max_size

    def end(self) -> None:
        """End the connection now, whatever is unsent."""
        self.transport.abort()

    def look(self, now: float) -> int:
        """End the connection if its peer does not read; return its unsent bytes."""
        self._close_if_stopped()
        if not self._pending:
            self._receiving.stop()
        elif not self.read_paused and self._receiving.stalls(now):
            self._cut_off(1008, "The message did not come in time.")
        unsent = self.transport.get_write_buffer_size()
        before, self._unsent = self._unsent, unsent
        if not unsent:
            self._sending.stop()
            return 0
        self._sending.moved += max(before - unsent, 0)
        if self._sending.stalls(now):
            reset(self.transport)
        return unsent
