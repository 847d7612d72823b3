"""A row of the table: a request, and what was measured."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.proofs.server import Server

SMALL_BYTES = 1_100_000  # a request of 1 MB, with its envelope
SMALL_GOAL, LARGE_GOAL = 50.0, 250.0  # ms for which a request may hold the loop
NOISE = 2  # a machine that does other things as well is given as many times the goal
DEADLINE_SECONDS = 60.0


class Unanswered(Exception):
    """There was no answer within the deadline."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request of `size` bytes that is ready, or several; `send` returns what came of it."""

    size: int
    send: Callable[[Server], str]
    requests: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """A request. One that is `long` takes time or memory, and is left out of a short run."""

    name: str
    prepare: Callable[[], Attempt]
    long: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of a row. `held` is in ms, `grown` in MB."""

    name: str
    size: int
    requests: int
    seconds: float
    result: str
    held: float
    grown: float

    @property
    def goal(self) -> float:
        """Return for how long the request may hold the loop, in ms."""
        is_small = self.requests == 1 and self.size <= SMALL_BYTES
        return SMALL_GOAL if is_small else LARGE_GOAL

    @property
    def misses(self) -> bool:
        """Return whether the loop was held for longer than noise explains."""
        return self.held > self.goal * NOISE

    @property
    def measures_nothing(self) -> bool:
        """Return whether the server did not look at the request: it was sent to another host."""
        return self.result.startswith("421")

    @property
    def cells(self) -> list[str]:
        """Return the cells that differ between checkouts."""
        return [
            self.result, f"{self.seconds:.2f} s", f"{self.held:.0f} ms", f"{self.grown:.0f} MB"
        ]  # fmt: skip

    @property
    def shown_size(self) -> str:
        if self.size < 10_000:
            return f"{self.size / 1000:.1f} KB"
        return f"{self.size // 1000} KB" if self.size < 1e6 else f"{self.size / 1e6:.1f} MB"
