"""How much memory this process has."""

import psutil

_MEBIBYTE = 1024**2


class Memory:
    """`limit_mb` is in MiB."""

    def __init__(self, limit_mb: int) -> None:
        self._limit = limit_mb * _MEBIBYTE
        self._process = psutil.Process()

    def is_over_its_limit(self) -> bool:
        resident: int = self._process.memory_info().rss
        return resident > self._limit
