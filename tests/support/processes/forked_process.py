"""Fork processes from one that has imported the server: imports are most of a start."""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from server.cli.main import main
from server.cli.serving import command

_FORKS = multiprocessing.get_context("forkserver")
assert command  # it imports what a server needs
_FORKS.set_forkserver_preload([__name__])


class ForkedProcess:
    """`python -m server ...` in a session of its own, with the methods of `subprocess.Popen`."""

    def __init__(
        self,
        arguments: Sequence[str],
        log: Path,
        cwd: Path,
        environment: Mapping[str, str],
        output: Path = Path(os.devnull),
    ) -> None:
        given = (arguments, log, cwd, environment, output)
        self._process = _FORKS.Process(target=_run, args=given)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid
        while os.getpgid(self.pid) != self.pid:  # a signal to its group would not find it
            time.sleep(0.001)

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            raise subprocess.TimeoutExpired("server", timeout or 0)
        return status

    def kill(self) -> None:
        self._process.kill()


def _run(
    arguments: Sequence[str],
    log: Path,
    cwd: Path,
    environment: Mapping[str, str],
    output: Path,
) -> None:
    os.setsid()
    os.chdir(cwd)
    for descriptor, file in [(0, Path(os.devnull)), (1, output), (2, log)]:
        opened = os.open(file, os.O_WRONLY if descriptor else os.O_RDONLY)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    sys.exit(main([*arguments]))
