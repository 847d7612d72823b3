"""Watches over all connections of a process, and ends those that keep it waiting."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Literal, Protocol

from server.web.connections.flight import BytesInFlight
from server.web.connections.limits import RESERVED, ConnectionLimits

_EVERY_SECONDS = 0.25


class Guarded(Protocol):
    """A connection."""

    address: str | None

    @property
    def protocol(self) -> Literal["http", "websocket"]:
        """What the connection speaks."""
        ...

    def look(self, now: float) -> int:
        """End the connection if it has kept the server waiting; return its unsent bytes."""
        ...

    def end(self) -> None:
        """End the connection now, whatever is unsent."""
        ...

    def retire(self) -> None:
        """End the connection with the answer to its next request, or the one under way."""
        ...

    def shutdown(self) -> None:
        """End the connection when what is under way on it has ended; a second call, at once."""
        ...

    def refuse_unfinished(self) -> None:
        """Refuse a request that has not come whole, as the server stops. Nothing of it was done."""
        ...


class ConnectionGuard:
    """Counts connections, and looks at each four times a second.

    So a request pays for no timer of its own. `on_refused` is told the HTTP status of each request
    that a connection itself refuses, and the code with which it closes a WebSocket for a bad frame.
    """

    def __init__(
        self, limits: ConnectionLimits, on_refused: Callable[[int], None] = lambda _status: None
    ) -> None:
        self.on_refused = on_refused
        self.limits = limits
        self.is_retiring = False
        self.flight = BytesInFlight(limits.bytes_in_flight)
        self._connections: set[Guarded] = set()
        self._by_address: Counter[str | None] = Counter()

    def admit(self, connection: Guarded) -> bool:
        """Count a new connection; return False if it is one too many.

        Such a one may only ask whether the server is well, and there are few of them: others are
        ended.
        """
        limits, address = self.limits, connection.address
        self._connections.add(connection)
        self._by_address[address] += 1
        if len(self._connections) > limits.connections + RESERVED:
            connection.end()
        crowded = limits.per_address and self._by_address[address] > limits.per_address
        return len(self._connections) <= limits.connections and not crowded

    def forget(self, connection: Guarded) -> None:
        """Count a connection no more."""
        if connection in self._connections:
            self._connections.remove(connection)
            self._by_address[connection.address] -= 1
            if not self._by_address[connection.address]:
                del self._by_address[connection.address]

    def retire(self) -> None:
        """End each connection with its next answer, so that clients open one somewhere else."""
        self.is_retiring = True
        for connection in [*self._connections]:
            connection.retire()

    def counts(self) -> Mapping[str, int]:
        """Return how many connections there are of each protocol."""
        found = Counter(connection.protocol for connection in self._connections)
        return {"http": found["http"], "websocket": found["websocket"]}

    async def watch(self) -> None:
        """Look at the connections until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self.look(loop.time())
            await asyncio.sleep(_EVERY_SECONDS)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look at the connections during the block."""
        task = asyncio.create_task(self.watch())
        try:
            yield
        finally:
            task.cancel()

    def look(self, now: float) -> None:
        """Look at every connection once."""
        self.flight.unsent = sum(connection.look(now) for connection in [*self._connections])
