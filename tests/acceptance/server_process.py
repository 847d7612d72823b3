"""A stockbatch server as its operator has it: a process, its log, its database, its end."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx
from pymongo import MongoClient

from server.settings import Settings
from tests.acceptance.process_table import RunningProcess, children, processes_in, until

PROJECT = Path(__file__).parents[2]
_SETTINGS = {name.upper() for name in Settings.model_fields}
_READY = re.compile(r"Ready: (http://\S+)/graphql$", re.MULTILINE)


def environment(**settings: str | Path) -> dict[str, str]:
    """Ours, with `settings` as the only settings of the server."""
    kept = {name: value for name, value in os.environ.items() if name.upper() not in _SETTINGS}
    return kept | {name: str(value) for name, value in settings.items()}


class ServerProcess:
    """`python -m server` on `data_dir`. It is starting, until `wait_until_ready` has returned."""

    def __init__(self, data_dir: Path, log: Path, settings: Mapping[str, str | Path]) -> None:
        self.data_dir = data_dir
        self._log = log
        self._others = set(processes_in(data_dir))  # of a server that has this folder already
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server"],
                cwd=PROJECT,
                env=environment(**{"PORT": "0", "DATA_DIR": data_dir} | dict(settings)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,  # a process group of its own, as from a terminal
            )
        self._mongod: RunningProcess | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has written to standard error."""
        return self._log.read_text(encoding="utf-8")

    @property
    def url(self) -> str:
        """`http://host:port`, as it says itself."""
        found = _READY.search(self.log)
        assert found, self.log
        return found.group(1)

    @property
    def mongod(self) -> RunningProcess:
        """The database that it has started."""
        if self._mongod is None:
            (pid,) = until(lambda: children(self.pid), "a mongod")
            self._mongod = RunningProcess(pid)
        return self._mongod

    def wait_until_ready(self) -> "ServerProcess":
        until(lambda: _READY.search(self.log) or self.has_ended(), "Ready")
        assert not self.has_ended(), self.log
        return self

    def post(self, query: str, **variables: Any) -> httpx.Response:
        """The answer to a GraphQL request.

        Raises:
            httpx.TransportError: the server has ended, or did before it answered.
        """
        # Not the environment's proxies; and no answer takes longer than a server may shut down.
        with httpx.Client(trust_env=False, timeout=60) as client:
            return client.post(f"{self.url}/graphql", json={"query": query, "variables": variables})

    def graphql(self, query: str, **variables: Any) -> Any:
        """The data of the answer, which has no errors."""
        answer = self.post(query, **variables).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    @contextmanager
    def mongo(self) -> Iterator[MongoClient[dict[str, Any]]]:
        """A client of the embedded database, past the server."""
        client: MongoClient[dict[str, Any]] = MongoClient(
            self.mongodb_uri, tz_aware=True, serverSelectionTimeoutMS=3_000
        )
        with client:
            yield client

    @property
    def mongodb_uri(self) -> str:
        """Of the embedded database."""
        return f"mongodb://{quote_plus(str(self.data_dir / 'mongod.sock'))}/?directConnection=true"

    def send(self, number: signal.Signals) -> None:
        """To its process group, as a terminal does."""
        os.killpg(self.pid, number)

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def kill(self) -> None:
        """With -9, and it alone."""
        self._process.kill()
        self._process.wait()

    def wait(self, *, seconds: float = 30) -> int:
        """Its exit status, once it has ended."""
        return self._process.wait(seconds)

    def stop(self) -> int:
        """The exit status after it was asked to stop."""
        self.send(signal.SIGTERM)
        return self.wait()

    def close(self) -> None:
        """End whatever it has left there."""
        self.kill()
        for pid in set(processes_in(self.data_dir)) - self._others:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._mongod is not None:
            self._mongod.close()
