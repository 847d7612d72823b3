"""Run `stockbatch` as a person or a program does: with a terminal, or without."""

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.processes.forked_process import ForkedProcess
from tests.support.processes.program import environment
from tests.support.project import PROJECT

_SECONDS = 60.0
_OWN = ("STOCKBATCH_URL", "STOCKBATCH_API_KEY", "NO_COLOR", "FORCE_COLOR")


def stockbatch(*arguments: str | Path, **settings: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; `settings` are the only variables of ours that it sees."""
    return subprocess.run(
        _command(arguments),
        cwd=PROJECT,
        env=_environment(settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )


def forked_stockbatch(
    *arguments: str | Path, **settings: str | Path
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in a process that has imported the server already."""
    given = [*map(str, arguments)]
    with tempfile.TemporaryDirectory() as folder:
        output, log = Path(folder, "stdout"), Path(folder, "stderr")
        output.touch()
        log.touch()
        process = ForkedProcess(given, log, PROJECT, _environment(settings), output)
        try:
            status = process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        return subprocess.CompletedProcess(given, status, output.read_text(), log.read_text())


class Terminal:
    """A command in a terminal of its own; `text` is all that the terminal has shown."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self._process = process
        self._master = master
        self.text = ""

    def read_until(self, expected: str) -> str:
        """Read until the terminal has shown a text, and return all that it has shown."""
        deadline = time.monotonic() + _SECONDS
        while expected not in self.text:
            assert time.monotonic() < deadline, self.text
            assert self._read(), self.text
        return self.text

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C: the terminal sends SIGINT to the command."""
        os.write(self._master, b"\x03")

    def wait(self) -> int:
        """Read to the end, and return the exit status."""
        while self._read():
            pass
        return self._process.wait(_SECONDS)

    def kill(self) -> None:
        """End the command, if it has not ended."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def _read(self) -> bool:
        """Read what the terminal shows next; False at the end."""
        if not select.select([self._master], [], [], _SECONDS)[0]:
            return False
        try:
            piece = os.read(self._master, 65536)
        except OSError:  # nobody has the terminal open any more
            return False
        self.text += piece.decode(errors="replace")
        return bool(piece)


@contextmanager
def in_a_terminal(*arguments: str | Path, **settings: str | Path) -> Iterator[Terminal]:
    """Run a command in a terminal."""
    master, slave = pty.openpty()

    def take_the_terminal() -> None:
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        _command(arguments),
        cwd=PROJECT,
        env=_environment(settings) | {"TERM": "xterm", "COLUMNS": "120"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=take_the_terminal,  # noqa: PLW1509 - only this makes Ctrl-C a signal
    )
    os.close(slave)
    terminal = Terminal(process, master)
    try:
        yield terminal
    finally:
        terminal.kill()
        with suppress(OSError):
            os.close(master)


def _command(arguments: tuple[str | Path, ...]) -> list[str]:
    return [sys.executable, "-m", "server", *map(str, arguments)]


def _environment(settings: Mapping[str, str | Path]) -> dict[str, str]:
    found = environment(**settings)
    return {name: value for name, value in found.items() if name not in _OWN or name in settings}
