"""The servers and workers of this checkout or of another one."""

import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pymongo import MongoClient

from bench.batch import Document
from bench.sides.process import Process, running
from bench.sides.server import ServerSide

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
        with self._running(use, [*under, "server"], settings) as process:
            store = self.client[self.database(use)]
            side = ServerSide(self.name, process.address(), process.pid, store)
            try:
                yield side
            finally:
                side.close()

    @contextmanager
    def working(self, use: str) -> Iterator[int]:
        """Start a worker, and yield its process id."""
        with self._running(use, ["-m", "server", "worker"], {}) as process:
            yield process.pid

    def database(self, use: str) -> str:
        """Return the name of the database for this use."""
        return _NOT_OF_A_DATABASE.sub("", self.name) + use.title()

    def _running(
        self, use: str, arguments: Sequence[str], settings: dict[str, str]
    ) -> AbstractContextManager[Process]:
        """Start a process of the folder's own code, and end it on leaving."""
        place = {"MONGODB_URI": self.uri, "MONGODB_DATABASE": self.database(use)}
        own = {"LOG_LEVEL": "INFO", "MONGODB_DRIVER": self.driver}
        log = self.logs / f"{self.database(use)}-{time.monotonic_ns()}.log"
        return running([sys.executable, *arguments], self.folder, place | own | settings, log)
