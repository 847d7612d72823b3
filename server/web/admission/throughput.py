"""How much work the server finishes in a second, measured while requests wait."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_PERIOD_SECONDS: Final = 0.1
_WEIGHT: Final = 0.3  # of the newest period


@dataclass(slots=True)
class Throughput:
    """A moving average. `per_second` is None until a whole period has been measured."""

    clock: Callable[[], float]
    per_second: float | None = None
    _since: float | None = None
    _finished: int = 0

    def finished(self, work: int, *, others_wait: bool) -> None:
        """Count finished work. A period in which nobody waits says nothing of what is possible."""
        now = self.clock()
        if self._since is None or not others_wait:
            self._since, self._finished = (now if others_wait else None), 0
            return
        self._finished += work
        elapsed = now - self._since
        if elapsed < _PERIOD_SECONDS:
            return
        newest = self._finished / elapsed
        before = newest if self.per_second is None else self.per_second
        self.per_second = before + _WEIGHT * (newest - before)
        self._since, self._finished = now, 0

    def seconds_for(self, work: int) -> float:
        """Return how long this much work takes; 0 if nothing is known."""
        return work / self.per_second if self.per_second else 0.0
