"""Run `python -m server ...` as its operator does: a process, its settings, its log, its end."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from server.settings import Settings
from tests.support.processes.forked_process import ForkedProcess
from tests.support.project import PROJECT

_SETTINGS = {name.upper() for name in Settings.model_fields}


def environment(**settings: str | Path) -> dict[str, str]:
    """Return this process's environment with `settings` as the only settings of the program."""
    kept = {name: value for name, value in os.environ.items() if name.upper() not in _SETTINGS}
    return kept | {name: str(value) for name, value in settings.items()}


class Program:
    """A program that is starting; a `forked` one has imported everything already."""

    def __init__(
        self,
        arguments: Sequence[str],
        log: Path,
        settings: Mapping[str, str | Path],
        *,
        forked: bool = False,
    ) -> None:
        self._log = log
        log.write_bytes(b"")
        start = ForkedProcess if forked else _started
        self._process = start(arguments, log, PROJECT, environment(**settings))

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        """Return what it has written to standard error."""
        return self._log.read_text(encoding="utf-8")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to its process group, as a terminal does."""
        os.killpg(self.pid, number)

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def kill(self) -> None:
        """Kill this process alone with SIGKILL."""
        self._process.kill()
        self._process.wait()

    def wait(self, *, seconds: float = 30) -> int:
        """Wait until it has ended, and return its exit status."""
        return self._process.wait(seconds)

    def stop(self) -> int:
        """Ask it to stop, and return its exit status."""
        self.send(signal.SIGTERM)
        return self.wait()


def _started(
    arguments: Sequence[str], log: Path, cwd: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    with log.open("wb") as stderr:
        return subprocess.Popen(
            [sys.executable, "-m", "server", *arguments],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,  # a process group of its own, as from a terminal
        )
