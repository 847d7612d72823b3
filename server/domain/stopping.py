"""The end of a process: when it was told to stop, and how long each step of that may take."""

import time
from typing import Final

AFTER_REQUESTS_SECONDS: Final = 9.0  # from the last request to the end, whatever hangs


class Stopping:
    """Begins when the process is told to stop. Requests then have `request_seconds` to end.

    It may be announced first: then new requests are still served, and the time runs already.
    """

    def __init__(self, request_seconds: float) -> None:
        self.request_seconds = request_seconds
        self._began: float | None = None
        self._is_on = False

    @property
    def is_on(self) -> bool:
        """Return whether new requests are refused."""
        return self._is_on

    @property
    def is_announced(self) -> bool:
        """Return whether the process has been told to stop."""
        return self._began is not None

    def announce(self) -> None:
        """Note that the process is told to stop. Only the first call counts."""
        if self._began is None:
            self._began = time.monotonic()

    def begin(self) -> None:
        """Refuse new requests from now on."""
        self.announce()
        self._is_on = True

    def seconds_since(self) -> float:
        """Return how long ago the process was told to stop; 0 if it was not."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    def seconds_left(self, after_requests: float = 0.0) -> float:
        """Return how long a step may take that ends so long after the last request."""
        self.announce()
        began = self._began or 0.0
        return max(0.0, began + self.request_seconds + after_requests - time.monotonic())
