"""A real `python -m server` process, and its callers' connections."""

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

from bench.answer import WrongAnswer
from bench.process import cpu_seconds
from server.mongo.connection.driver import DriverName

_START_SECONDS = 30.0
_STOP_SECONDS = 30.0
_REQUEST_SECONDS = 60.0
_READY = re.compile(r"Ready: http://([^:/]+):(\d+)/")
_RETRIES = re.compile(r"^stockbatch_transaction_retries_total\{.*\} (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server, which uses `driver`."""

    driver: DriverName
    host: str
    port: int
    pid: int

    def retries(self) -> int:
        """Transactions that ran or committed again since the server started."""
        with closing(self.caller()) as caller:
            text = caller.exchange("GET", "/metrics").decode()
        return int(sum(float(count) for count in _RETRIES.findall(text)))

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pid)

    def caller(self) -> "Caller":
        return Caller(HTTPConnection(self.host, self.port, timeout=_REQUEST_SECONDS))


class Caller:
    """A client with one connection."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection

    def renew(self) -> None:
        """Connect again, so that no request is sent into a connection that idled too long."""
        self._connection.close()
        self._connection.connect()

    def post(self, body: bytes) -> bytes:
        """The whole answer to a GraphQL request, not decoded."""
        return self.exchange("POST", "/graphql", body)

    def exchange(self, method: str, path: str, body: bytes | None = None) -> bytes:
        self._connection.request(method, path, body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise WrongAnswer(f"The server answered {response.status}: {answer[:500]!r}")
        return answer

    def close(self) -> None:
        self._connection.close()


@contextmanager
def serving(
    driver: DriverName, uri: str, database: str, folder: Path, **settings: str
) -> Iterator[Server]:
    """A server on a free port of the loopback interface, with its log in `folder`."""
    folder.mkdir(exist_ok=True)
    log = folder / f"server-{driver}.log"
    environment = environment_of(driver, uri, database) | {"HOST": "127.0.0.1", "PORT": "0"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "server"],
            env=environment | settings,
            stdout=output,
            stderr=output,
        )
        try:
            host, port = _address(process, log)
            yield Server(driver=driver, host=host, port=port, pid=process.pid)
        finally:
            _end(process)


def environment_of(driver: DriverName, uri: str, database: str) -> dict[str, str]:
    """Ours, with the settings of a process that works on this database."""
    return os.environ | {
        "MONGODB_URI": uri,
        "MONGODB_DATABASE": database,
        "MONGODB_DRIVER": driver,
        "LOG_LEVEL": "INFO",
    }


def _address(process: subprocess.Popen[bytes], log: Path) -> tuple[str, int]:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        ready = _READY.search(log.read_text(errors="replace"))
        if ready:
            return ready[1], int(ready[2])
        time.sleep(0.02)
    raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
