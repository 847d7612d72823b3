"""Ask `/healthz` every 5 ms on one connection, in a process of its own.

    python -m tests.proofs.single.probe PORT PID

A line on standard input asks for how long the server was held at most since the line before, in ms.
That is the wait for an answer, but no more than the CPU time that the server, PID, took meanwhile:
so a machine that does other things as well does not count. A question that is not yet answered
counts with the time that it has waited.
"""

import select
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, cast

from tests.proofs.server import PROJECT

_EVERY_SECONDS = 0.005
_QUESTION = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
_END = b"}"  # of an answer


class Probe:
    """The process, as its parent sees it."""

    def __init__(self, port: int, pid: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(port), str(pid)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.longest()  # it has begun

    def longest(self) -> float:
        """Return for how long the server was held at most since this was asked before, in ms."""
        asked, told = cast("IO[str]", self._process.stdin), cast("IO[str]", self._process.stdout)
        with suppress(OSError):
            asked.write("\n")
            asked.flush()
        return float(told.readline() or "nan")

    def __enter__(self) -> "Probe":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()


@dataclass(slots=True)
class _Wait:
    """A question that is asked. Times are in ms."""

    pid: int
    began: float = field(default_factory=time.perf_counter)
    cpu: float = 0.0

    def __post_init__(self) -> None:
        self.cpu = _cpu(self.pid)

    def held(self) -> float:
        waited = (time.perf_counter() - self.began) * 1000
        return min(waited, _cpu(self.pid) - self.cpu)


def _cpu(pid: int) -> float:
    """Return the CPU time that all threads of a process have taken, in ms."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # it has ended
            total += int((thread / "schedstat").read_text().split()[0])  # in ns
    return total / 1e6


def run(port: int, pid: int) -> None:
    """Ask until the server has gone or nobody listens any more."""
    longest = 0.0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        while True:
            wait = _Wait(pid)
            connection.sendall(_QUESTION)
            answered = False
            while not answered or time.perf_counter() < wait.began + _EVERY_SECONDS:
                watched = [sys.stdin] if answered else [sys.stdin, connection]
                ready, _, _ = select.select(watched, [], [], _EVERY_SECONDS)
                if not answered:
                    longest = max(longest, wait.held())
                if connection in ready:
                    if not (piece := connection.recv(65536)):
                        return
                    answered = piece.endswith(_END)  # the head may come before it
                if sys.stdin in ready:
                    if not sys.stdin.readline():
                        return
                    print(f"{longest:.1f}", flush=True)
                    longest = 0.0


if __name__ == "__main__":
    with suppress(OSError):  # the server has ended
        run(int(sys.argv[1]), int(sys.argv[2]))
