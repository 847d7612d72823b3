"""A client of graphql-transport-ws that can also break its rules."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PROTOCOL = "graphql-transport-ws"


@dataclass
class Talk:
    """A conversation over one connection."""

    socket: ClientConnection

    async def send(self, message: Any) -> None:
        """Send a message: text and bytes as they are, anything else as JSON."""
        plain = isinstance(message, (str, bytes))
        await self.socket.send(message if plain else json.dumps(message))

    async def hear(self) -> Any:
        """Return the next message."""
        async with asyncio.timeout(20):
            return json.loads(await self.socket.recv())

    async def greet(self) -> None:
        await self.send({"type": "connection_init"})
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, query: str, operation_id: str = "1", **payload: Any) -> None:
        await self.send(
            {"id": operation_id, "type": "subscribe", "payload": {"query": query, **payload}}
        )

    async def closed(self) -> tuple[int | None, str | None]:
        """Return the code and the reason with which the server closes; no message comes before."""
        try:
            message = await self.hear()
        except ConnectionClosed:
            return self.socket.close_code, self.socket.close_reason
        raise AssertionError(f"the server answered {message}")


@asynccontextmanager
async def talking(port: int, *, protocol: str = PROTOCOL, **options: Any) -> AsyncIterator[Talk]:
    """Open a connection to `/graphql`."""
    uri = f"ws://127.0.0.1:{port}/graphql"
    subprotocols = [Subprotocol(protocol)] if protocol else None
    async with connect(uri, subprotocols=subprotocols, max_size=None, **options) as socket:
        yield Talk(socket)
