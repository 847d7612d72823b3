"""Server and worker processes of this checkout or of another one."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pymongo import MongoClient

from bench.batch import Document
from bench.sides.server import ServerSide

_START_SECONDS = 30.0
_STOP_SECONDS = 30.0
_READY = re.compile(r"Ready: http://([^:/]+):(\d+)/")
_NOT_OF_A_DATABASE = re.compile(r"\W")


@dataclass(frozen=True)
class Checkout:
    """A folder with a `server/` package, the driver, and where its processes work."""

    name: str
    folder: Path
    driver: str
    uri: str
    client: MongoClient[Document]
    logs: Path

    @contextmanager
    def serving(
        self, use: str, *, worker: bool = False, under: Sequence[str] = ("-m",)
    ) -> Iterator[ServerSide]:
        """Start a server on a free port; without a worker it runs no background batches.

        Its database has a name of its own for each `use`. Python runs `server` with the arguments
        of `under` before it.
        """
        settings = {"HOST": "127.0.0.1", "PORT": "0", "WORKER_ENABLED": str(worker).lower()}
        with self._process(self.database(use), settings, [*under, "server"]) as (process, log):
            address = _address(process, log)
            side = ServerSide(self.name, address, process.pid, self.client[self.database(use)])
            try:
                yield side
            finally:
                side.close()

    @contextmanager
    def working(self, use: str) -> Iterator[int]:
        """Start a worker, and yield its process id."""
        command = ["-m", "server", "worker"]
        with self._process(self.database(use), {}, command) as (process, _):
            yield process.pid

    def database(self, use: str) -> str:
        """Return the name of the database for this use."""
        return _NOT_OF_A_DATABASE.sub("", self.name) + use.title()

    @contextmanager
    def _process(
        self, database: str, settings: dict[str, str], arguments: Sequence[str]
    ) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
        """Start a process of the folder's own code, and end it on leaving."""
        place = {"MONGODB_URI": self.uri, "MONGODB_DATABASE": database, "LOG_LEVEL": "INFO"}
        environment = os.environ | place | settings | {"MONGODB_DRIVER": self.driver}
        environment.pop("PYTHONSAFEPATH", None)  # it would hide the working folder's `server/`
        log = self.logs / f"{database}-{time.monotonic_ns()}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments],
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


def _address(process: "subprocess.Popen[bytes]", log: Path) -> tuple[str, int]:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        ready = _READY.search(log.read_text(errors="replace"))
        if ready:
            return ready[1], int(ready[2])
        time.sleep(0.02)
    raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')}")
