"""`python -m server ...` as its operator has it: a process, its settings, its log, its end."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from server.settings import Settings

PROJECT = Path(__file__).parents[2]
_SETTINGS = {name.upper() for name in Settings.model_fields}


def environment(**settings: str | Path) -> dict[str, str]:
    """Ours, with `settings` as the only settings of the program."""
    kept = {name: value for name, value in os.environ.items() if name.upper() not in _SETTINGS}
    return kept | {name: str(value) for name, value in settings.items()}


class Program:
    """It is starting."""

    def __init__(
        self, arguments: Sequence[str], log: Path, settings: Mapping[str, str | Path]
    ) -> None:
        self._log = log
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server", *arguments],
                cwd=PROJECT,
                env=environment(**settings),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,  # a process group of its own, as from a terminal
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has written to standard error."""
        return self._log.read_text(encoding="utf-8")

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
