"""A running server, asked over HTTP on a connection that is kept alive."""

import json
import re
from pathlib import Path
from typing import Any

import psutil

from bench.batch import Batch, Document, WrongAnswer, data_of
from bench.load.http import Answer, Connection, request
from bench.sides.side import Side


class ServerSide(Side):
    """A server process. Its answers are checked after the time has been taken."""

    def __init__(self, name: str, address: tuple[str, int], pid: int, store: Any) -> None:
        super().__init__(name, store["products"], store["stockUpdates"])
        self._connection = Connection(address)
        self.address = address
        self.pid = pid

    def do(self, batch: Batch) -> tuple[float, Any]:
        """Return the seconds from sending the request to the answer's last byte, and the result."""
        seconds, answer = self.post(batch.body())
        if answer.status != 200:
            raise WrongAnswer(f"{self.name} answered {answer.status}: {answer.body[:500]!r}")
        return seconds, batch.result(answer.body)

    def ask(self, query: str, variables: Document) -> Document:
        """Return `data` of the answer to a GraphQL request."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        return data_of(self.post(body)[1].body)

    def post(self, body: bytes) -> tuple[float, Answer]:
        """Return the seconds that a GraphQL request took, and the answer."""
        try:
            return self._connection.exchange(request("POST", "/graphql", body))
        except (OSError, ValueError) as error:
            raise WrongAnswer(f"{self.name} did not answer: {error!r}") from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def cpu_seconds(self) -> float:
        """Return the CPU time that the process has taken since it began."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)


def peak_bytes(pid: int) -> int:
    """Return the most memory that the process has had resident since it began."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)[0]) * 1024
