"""Run a worker as its operator does: a process that only runs background batches."""

import re
import signal
from collections.abc import Mapping
from pathlib import Path

from tests.support.processes.process_table import until
from tests.support.processes.program import Program

_READY = re.compile(r"Ready: background batches are run$", re.MULTILINE)


class WorkerProcess(Program):
    """`python -m server worker`; it is starting until `wait_until_ready` has returned."""

    def __init__(
        self, log: Path, settings: Mapping[str, str | Path], *, forked: bool = False
    ) -> None:
        super().__init__(["worker"], log, settings, forked=forked)

    def wait_until_ready(self) -> "WorkerProcess":
        until(lambda: _READY.search(self.log) or self.has_ended(), "Ready")
        assert not self.has_ended(), self.log
        return self

    def pause(self) -> None:
        """Stop the process where it is; its connections stay open."""
        self.send(signal.SIGSTOP)

    def resume(self) -> None:
        self.send(signal.SIGCONT)

    def close(self) -> None:
        self.kill()
