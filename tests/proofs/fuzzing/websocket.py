"""A client of graphql-transport-ws that sends any message, and knows when it is answered."""

import json
from random import Random
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

_PROTOCOL = Subprotocol("graphql-transport-ws")
_LONGEST_ID = 200


class Closed(Exception):
    """The server has closed the connection. `code` is None if it did so without a close frame."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(f"closed with {code}: {reason}")
        self.code = code


class WebSocketClient:
    """One connection, which is opened again when the server has closed it."""

    def __init__(self, port: int) -> None:
        self._uri = f"ws://127.0.0.1:{port}/graphql"
        self._socket: ClientConnection | None = None
        self._pongs = 0  # that are to come

    async def ask(self, message: bytes, random: Random) -> list[dict[str, Any]]:
        """Send a message, and return what comes until it is answered.

        Sometimes the message is sent twice, or comes before the greeting.

        Raises:
            Closed: the server closed the connection.
        """
        try:
            socket = self._socket or await self._opened(greets=random.random() < 0.9)
            for _ in range(2 if random.random() < 0.03 else 1):
                await socket.send(message, text=random.random() < 0.99)
                self._pongs += _begun(message).get("type") == "ping"
            return await self._heard(socket, _operation(message), b"subscription" in message)
        except ConnectionClosed as closed:
            self._socket = None
            frame = closed.rcvd
            raise Closed(frame.code if frame else None, frame.reason if frame else "") from closed

    async def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            socket, self._socket = self._socket, None
            await socket.close()

    async def _opened(self, *, greets: bool) -> ClientConnection:
        socket = await connect(self._uri, subprotocols=[_PROTOCOL], max_size=None, compression=None)
        self._socket, self._pongs = socket, 0
        if greets:
            await socket.send(json.dumps({"type": "connection_init"}))
            assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        return socket

    async def _heard(
        self, socket: ClientConnection, operation: str | None, is_endless: bool
    ) -> list[dict[str, Any]]:
        """Return all messages until the operation has ended, and a ping was answered.

        A subscription, which may last as long as its batch, is ended after its first answer.
        """
        await socket.send(json.dumps({"type": "ping"}))
        self._pongs += 1
        heard: list[dict[str, Any]] = []
        has_ended = operation is None
        while self._pongs > 0 or not has_ended:
            message = json.loads(await socket.recv())
            heard.append(message)
            kind = message["type"]
            self._pongs -= kind == "pong"
            if kind not in ("next", "error", "complete") or message["id"] != operation:
                continue
            if kind == "next" and is_endless and not has_ended:
                await socket.send(json.dumps({"id": operation, "type": "complete"}))
            has_ended = has_ended or kind != "next" or is_endless
        return heard


def _operation(message: bytes) -> str | None:
    """Return the id of the operation that the message begins, if it begins any."""
    value = _begun(message)
    if value.get("type") != "subscribe":
        return None
    operation, payload = value.get("id"), value.get("payload")
    if isinstance(operation, str) and 1 <= len(operation) <= _LONGEST_ID:
        return operation if isinstance(payload, dict) else None
    return None


def _begun(message: bytes) -> dict[str, Any]:
    """Return the object that a message is; an empty one if it is none."""
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
