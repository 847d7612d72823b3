"""Server and worker processes of this checkout or of another one, and requests to them."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from bench.batch import Batch, Document, WrongAnswer, data_of
from bench.side import Side

_START_SECONDS = 30.0
_STOP_SECONDS = 30.0
_REQUEST_SECONDS = 120.0
_READY = re.compile(r"Ready: http://([^:/]+):(\d+)/")


@dataclass(frozen=True)
class Checkout:
    """A folder with a `server/` package, its name in the tables, and where its processes work."""

    name: str
    folder: Path
    uri: str
    client: MongoClient[Document]
    logs: Path

    @contextmanager
    def serving(self, database: str) -> Iterator["ServerSide"]:
        """Start a server on a free port; it runs no background batches itself."""
        settings = {"HOST": "127.0.0.1", "PORT": "0", "WORKER_ENABLED": "false"}
        with self._process(database, settings) as (process, log):
            address = _address(process, log)
            yield ServerSide(self.name, address, process.pid, self.client[database])

    @contextmanager
    def working(self, database: str) -> Iterator[int]:
        """Start a worker, and yield its process id."""
        with self._process(database, {}, "worker") as (process, _):
            yield process.pid

    @contextmanager
    def _process(
        self, database: str, settings: dict[str, str], *command: str
    ) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
        """Start a process of the folder's own code, and end it on leaving."""
        place = {"MONGODB_URI": self.uri, "MONGODB_DATABASE": database, "LOG_LEVEL": "INFO"}
        environment = os.environ | place | settings
        environment.pop("PYTHONSAFEPATH", None)  # it would hide the working folder's `server/`
        log = self.logs / f"{database}-{time.monotonic_ns()}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "server", *command],
                cwd=self.folder,
                env=environment,
                stdout=output,
                stderr=output,
            )
        try:
            yield process, log
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class ServerSide(Side):
    """A running server."""

    def __init__(self, name: str, address: tuple[str, int], pid: int, store: Any) -> None:
        super().__init__(name, store["products"], store["stockUpdates"])
        self._address = address
        self.pid = pid

    def do(self, batch: Batch) -> tuple[float, Any]:
        """Return the seconds from sending the body to the answer's last byte, and the result."""
        seconds, answer = self._post(batch.body())
        return seconds, batch.result(answer)

    def ask(self, body: bytes) -> Document:
        """Return `data` of the answer to a GraphQL request."""
        return data_of(self._post(body)[1])

    def _post(self, body: bytes) -> tuple[float, bytes]:
        with closing(HTTPConnection(*self._address, timeout=_REQUEST_SECONDS)) as connection:
            connection.connect()
            started = time.perf_counter()
            connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
            seconds = time.perf_counter() - started
        if response.status != 200:
            raise WrongAnswer(f"{self.name} answered {response.status}: {answer[:500]!r}")
        return seconds, answer


def peak_bytes(pid: int) -> int:
    """Return the most memory that the process has had resident since it began."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)[0]) * 1024


def _address(process: "subprocess.Popen[bytes]", log: Path) -> tuple[str, int]:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        ready = _READY.search(log.read_text(errors="replace"))
        if ready:
            return ready[1], int(ready[2])
        time.sleep(0.02)
    raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')}")
