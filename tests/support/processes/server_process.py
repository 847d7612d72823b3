"""Run a stockbatch server as its operator does: a process, its log, its database, its end."""

import os
import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx
from pymongo import MongoClient

from tests.support.processes.process_table import RunningProcess, children, processes_in, until
from tests.support.processes.program import Program

_READY = re.compile(r"Ready: (http://\S+)/graphql$", re.MULTILINE)


class ServerProcess(Program):
    """`python -m server` on `data_dir`; it is starting until `wait_until_ready` has returned."""

    def __init__(
        self,
        data_dir: Path,
        log: Path,
        settings: Mapping[str, str | Path],
        *,
        forked: bool = False,
    ) -> None:
        self.data_dir = data_dir
        self._others = set(processes_in(data_dir))  # of a server that has this folder already
        settings = {"PORT": "0", "DATA_DIR": data_dir} | dict(settings)
        super().__init__([], log, settings, forked=forked)
        self._mongod: RunningProcess | None = None

    @property
    def url(self) -> str:
        """Return `http://host:port`, as the server's log says."""
        found = _READY.search(self.log)
        assert found, self.log
        return found.group(1)

    @property
    def mongod(self) -> RunningProcess:
        """Return the database that it has started."""
        if self._mongod is None:
            (pid,) = until(lambda: children(self.pid), "a mongod")
            self._mongod = RunningProcess(pid)
        return self._mongod

    def wait_until_ready(self) -> "ServerProcess":
        until(lambda: _READY.search(self.log) or self.has_ended(), "Ready")
        assert not self.has_ended(), self.log
        return self

    def post(self, query: str, **variables: Any) -> httpx.Response:
        """Return the answer to a GraphQL request.

        Raises:
            httpx.TransportError: the server ended before it answered.
        """
        # Not the environment's proxies; and no answer takes longer than a server may shut down.
        with httpx.Client(trust_env=False, timeout=60) as client:
            return client.post(f"{self.url}/graphql", json={"query": query, "variables": variables})

    def graphql(self, query: str, **variables: Any) -> Any:
        """Return the data of an answer without errors."""
        answer = self.post(query, **variables).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    @contextmanager
    def mongo(self) -> Iterator[MongoClient[dict[str, Any]]]:
        """Connect to the embedded database, past the server."""
        client: MongoClient[dict[str, Any]] = MongoClient(
            self.mongodb_uri, tz_aware=True, serverSelectionTimeoutMS=3_000
        )
        with client:
            yield client

    @property
    def mongodb_uri(self) -> str:
        """Return the address of the embedded database."""
        return f"mongodb://{quote_plus(str(self.data_dir / 'mongod.sock'))}/?directConnection=true"

    def close(self) -> None:
        """End the server, its database and all else that runs in its folder."""
        self.kill()
        for pid in set(processes_in(self.data_dir)) - self._others:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._mongod is not None:
            self._mongod.close()
