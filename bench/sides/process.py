"""Server and worker processes, with what they print in a file."""

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_START_SECONDS = 30.0
_STOP_SECONDS = 30.0
_READY = re.compile(r"Ready: http://([^:/]+):(\d+)/")


@dataclass(frozen=True)
class Process:
    """A running process."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def address(self) -> tuple[str, int]:
        """Return host and port once the process has printed them."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            ready = _READY.search(self._printed())
            if ready:
                return ready[1], int(ready[2])
            time.sleep(0.02)
        raise RuntimeError(f"The server did not start:\n{self._printed()}")

    def _printed(self) -> str:
        return self.log.read_text(errors="replace")


@contextmanager
def running(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path
) -> Iterator[Process]:
    """Start the command in the folder, and end it on leaving; the environment is added to ours."""
    whole = os.environ | environment
    whole.pop("PYTHONSAFEPATH", None)  # it would hide the working folder's `server/`
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=whole, stdout=output, stderr=output)
    try:
        yield Process(process, log)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
