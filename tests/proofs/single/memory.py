"""The memory of a process, and its end when it takes too much of it."""

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

MOST_MB = 5_000
_EVERY_SECONDS = 0.05


class Memory:
    """Watches how far a process grows within the block, and kills it at `MOST_MB`."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._before = self._peak = 0.0
        self.killed = False

    @property
    def grown(self) -> float:
        """Return by how many MB the process has grown at most."""
        return max(self._peak - self._before, 0.0)

    def __enter__(self) -> "Memory":
        with suppress(OSError):  # a system that does not allow it has the samples alone
            Path(f"/proc/{self._pid}/clear_refs").write_text("5")  # the peak begins anew: proc(5)
        self._before = self._peak = self._read("VmRSS")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()
        highest = self._read("VmHWM")
        self._peak = max(self._peak, highest)

    def _watch(self) -> None:
        while not self._done.wait(_EVERY_SECONDS):
            now = self._read("VmRSS")
            self._peak = max(self._peak, now)
            if now > MOST_MB:
                self.killed = True
                os.kill(self._pid, signal.SIGKILL)
                return

    def _read(self, name: str) -> float:
        """Return a line of the process's status in MB; 0 if the process has ended."""
        with suppress(OSError):
            for line in Path(f"/proc/{self._pid}/status").read_text().splitlines():
                if line.startswith(f"{name}:"):
                    return int(line.split()[1]) / 1000
        return 0.0
