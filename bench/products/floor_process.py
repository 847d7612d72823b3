"""The floor as a process of its own, which has nothing of the server's in its memory.

`python -m bench.products.floor_process URI DATABASE` reads bodies of requests, one per line,
creates the products of each, and answers with a line that says how many.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient

from bench.products.floor import Floor


class FloorProcess:
    """The caller's end of it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid

    def create(self, body: bytes) -> int:
        """How many products were created."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(body + b"\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def floor_process(uri: str, database: str) -> Iterator[FloorProcess]:
    """It ends when its input does."""
    command = [sys.executable, "-m", __name__, uri, database]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield FloorProcess(process)


def main(uri: str, database: str) -> None:
    with MongoClient[dict[str, Any]](uri) as client:
        floor = Floor(client, database)
        for line in sys.stdin.buffer:
            print(floor.create(json.loads(line)["variables"]["items"]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
