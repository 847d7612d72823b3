"""How much waits in the queue."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDepth:
    """Chunks that are not done: those that wait, and those that a worker or a request runs.

    `oldest_seconds` is for how long the first one that waits could have been run; 0 if there is
    none.
    """

    waiting: int
    running: int
    oldest_seconds: float
