"""A server in a process of its own, with a database of its own."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from pymongo import MongoClient
from pymongo.database import Database

PROJECT = Path(__file__).parents[2]


class Server:
    """A server of a checkout, with a database of its own in `folder`."""

    def __init__(
        self, checkout: Path, folder: Path, settings: Mapping[str, str] | None = None
    ) -> None:
        self._log = folder / "log"
        self.data = folder / "data"
        own = {"PORT": "0", "DATA_DIR": str(self.data)}
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server"],
                cwd=checkout,
                env={**os.environ, **(settings or {}), **own},
                stderr=log,
                stdout=log,
            )
        self.port = self._port()

    def _port(self) -> int:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            found = re.search(r"Ready: http://\S+:(\d+)/graphql", self._log.read_text())
            if found:
                return int(found.group(1))
            time.sleep(0.05)
        self.process.kill()
        raise RuntimeError(f"The server did not start: {self._log.read_text()}")

    @property
    def database_uri(self) -> str:
        """Return the address of the server's own MongoDB."""
        return f"mongodb://{quote_plus(str(self.data / 'mongod.sock'))}/?directConnection=true"

    @contextmanager
    def database(self) -> Iterator[Database[dict[str, Any]]]:
        """Yield the server's database."""
        with MongoClient[dict[str, Any]](self.database_uri) as client:
            yield client["stockbatch"]

    def log(self) -> str:
        """Return what the server has written."""
        return self._log.read_text(errors="replace")

    def post(self, query: str, **variables: Any) -> Any:
        """Return the data of the answer to a GraphQL request."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
            found = json.load(answer)
        assert "errors" not in found, found
        return found["data"]

    def healthz(self) -> float:
        """Return how long an answer of `/healthz` takes, in ms."""
        began = time.perf_counter()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=60) as answer:
            answer.read()
        return (time.perf_counter() - began) * 1000

    def stop(self, seconds: float = 60) -> None:
        """Stop the server, and kill it if it has not stopped after `seconds`."""
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()  # the kernel then kills its database
            self.process.wait()


@contextmanager
def serving(checkout: Path) -> Iterator[Server]:
    """Run a server with an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(checkout, Path(folder))
        try:
            yield server
        finally:
            server.stop()
