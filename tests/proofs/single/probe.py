"""Ask `/healthz` every 5 ms on one connection, in a process of its own.

    python -m tests.proofs.single.probe PORT

A line on standard input asks for the longest wait since the line before, in ms. A question that
is not yet answered counts with the time that it has waited.
"""

import select
import socket
import subprocess
import sys
import time
from types import TracebackType
from typing import IO, cast

from tests.proofs.server import PROJECT

_EVERY_SECONDS = 0.005
_QUESTION = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"


class Probe:
    """The process, as its parent sees it."""

    def __init__(self, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(port)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.longest()  # it has begun

    def longest(self) -> float:
        """Return the longest wait since this was asked before, in ms."""
        asked, told = cast("IO[str]", self._process.stdin), cast("IO[str]", self._process.stdout)
        asked.write("\n")
        asked.flush()
        return float(told.readline())

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


def run(port: int) -> None:
    """Ask until the server has gone or nobody listens any more."""
    longest = 0.0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        while True:
            began = time.perf_counter()
            connection.sendall(_QUESTION)
            answered = False
            while not answered or time.perf_counter() < began + _EVERY_SECONDS:
                watched = [sys.stdin] if answered else [sys.stdin, connection]
                ready, _, _ = select.select(watched, [], [], _EVERY_SECONDS)
                waited = (time.perf_counter() - began) * 1000
                longest = longest if answered else max(longest, waited)
                if connection in ready:
                    if not connection.recv(65536):
                        return
                    answered = True
                if sys.stdin in ready:
                    if not sys.stdin.readline():
                        return
                    print(f"{longest:.1f}", flush=True)
                    longest = 0.0


if __name__ == "__main__":
    run(int(sys.argv[1]))
