"""What waits in the queue, and who is there to run it."""

from dataclasses import dataclass
from typing import Final

HEARTBEAT_SECONDS: Final = 5.0
SILENT_SECONDS: Final = 30.0  # six heartbeats: then a worker counts as gone


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDepth:
    """Chunks that are not done: those that wait, and those that a worker or a request runs.

    `oldest_seconds` is for how long the first one that waits could have been run; 0 if there is
    none.
    """

    waiting: int
    running: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """The depth of the queue, and how many workers were heard of lately."""

    depth: QueueDepth
    workers: int

    @property
    def warning(self) -> str | None:
        """Return a sentence if chunks wait and nobody seems to run any; None if all is well.

        A chunk that runs is a sign of life, too: workers of older versions give no other.
        """
        if self.workers or self.depth.running or self.depth.oldest_seconds < SILENT_SECONDS:
            return None
        return (
            f"no worker has been seen for {SILENT_SECONDS:.0f} s, and chunks wait: "
            f"{self.depth.waiting}"
        )
