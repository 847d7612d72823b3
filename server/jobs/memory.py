"""The memory of this process."""

import psutil

_MEBIBYTE = 1024**2


class Memory:
    """Compares the resident memory of the process with a limit, in MiB."""

    def __init__(self, limit_mb: int) -> None:
        self._limit = limit_mb * _MEBIBYTE
        self._process = psutil.Process()

    def is_over_its_limit(self) -> bool:
        """Return whether the process uses more memory than the limit."""
        resident: int = self._process.memory_info().rss
        return resident > self._limit
