"""Whether a transfer goes on: bytes that come, or bytes that go."""

from dataclasses import dataclass

from server.web.connections.limits import LEAST_RATE


@dataclass(slots=True)
class Progress:
    """The bytes of a transfer within a period of `seconds`, after which it must have come along.

    A transfer that is not under way, or waits for this server, begins a new period.
    """

    seconds: float
    since: float | None = None
    moved: int = 0

    def stop(self) -> None:
        """Note that nothing is to be transferred just now."""
        self.since, self.moved = None, 0

    def stalls(self, now: float) -> bool:
        """Return whether a period is over in which there was less than the least rate."""
        if self.since is None:
            self.since, self.moved = now, 0
            return False
        if now - self.since < self.seconds:
            return False
        stalls = self.moved < LEAST_RATE * (now - self.since)
        self.since, self.moved = now, 0
        return stalls
