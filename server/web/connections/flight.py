"""The bytes of requests and answers that a process holds at one time."""

from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from server.domain.errors import Overloaded

BODY = "body"  # in the scope's state: the bytes of the request's body
_FULL = (
    "The server holds as many bytes of requests and answers as it may just now: send the request "
    "again a little later."
)


@dataclass(slots=True)
class BytesInFlight:
    """Counts bytes up to `most`. `unsent` are those of answers that no reader has taken yet."""

    most: int
    received: int = 0
    unsent: int = 0

    def require_room(self, size: int = 0) -> None:
        """Check that there is room for a body of `size` bytes. One that is alone always has room.

        Raises:
            Overloaded: there is none just now.
        """
        used = self.received + self.unsent
        if used and used + size > self.most:
            raise Overloaded(_FULL)

    def is_over(self) -> bool:
        """Return whether there are more bytes than there may be."""
        return self.received + self.unsent > self.most


@dataclass(slots=True)
class BodyBytes:
    """The bytes of one body."""

    flight: BytesInFlight
    size: int = 0

    def add(self, count: int) -> None:
        """Count bytes that have come.

        Raises:
            Overloaded: there is no room for them.
        """
        if self.flight.received + self.flight.unsent > self.size:
            self.flight.require_room(count)
        self.size += count
        self.flight.received += count

    def end(self) -> None:
        """Count the bytes no longer."""
        self.flight.received -= self.size
        self.size = 0


class CountedBodies:
    """Middleware that counts the body of each HTTP request until it has been answered."""

    def __init__(self, app: ASGIApp, flight: BytesInFlight) -> None:
        self._app = app
        self._flight = flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held = BodyBytes(self._flight)
        scope.setdefault("state", {})[BODY] = held
        try:
            await self._app(scope, receive, send)
        finally:
            held.end()
