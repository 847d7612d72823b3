"""Read what the kernel knows of processes: children, working folders, ports."""

import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_PROC = Path("/proc")
_LISTENING = "0A"  # the state TCP_LISTEN in /proc/net/tcp


class RunningProcess:
    """Any process, held so that its id cannot be reused for another one."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)

    def kill(self) -> None:
        """Kill it with SIGKILL; ignore that it has ended."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def has_ended(self, *, within: float = 0) -> bool:
        """Return whether it has ended, or does so in `within` seconds."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(within * 1000))

    def close(self) -> None:
        """Let go of the process, which runs on."""
        os.close(self._descriptor)


def until(found: Callable[[], T], what: str, *, seconds: float = 30) -> T:
    """Return the first true answer of `found`; fail if there is none in time."""
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.005)
    return answer


def children(pid: int) -> list[int]:
    """Return the direct children of a process that have not ended."""
    return [one for one in _pids() if _parent(one) == pid]


def processes_in(folder: Path) -> list[int]:
    """Return the processes whose working directory is `folder`, as an embedded mongod's is."""
    return [one for one in _pids() if _working_directory(one) == folder.resolve()]


def tcp_ports(pid: int) -> list[tuple[str, int]]:
    """Return the addresses (IPv6 as "::") and ports on which a process listens."""
    sockets = {target for one in _open_files(pid) if (target := _target(one)).startswith("socket:")}
    listening = []
    for table in ("tcp", "tcp6"):
        for line in (_PROC / str(pid) / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENING and f"socket:[{fields[9]}]" in sockets:
                listening.append(_address(fields[1]))
    return listening


def _pids() -> list[int]:
    return [int(one.name) for one in _PROC.iterdir() if one.name.isdecimal()]


def _parent(pid: int) -> int | None:
    with suppress(FileNotFoundError, ProcessLookupError):
        state, parent = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[:2]
        return None if state == "Z" else int(parent)
    return None


def _working_directory(pid: int) -> Path | None:
    with suppress(OSError):  # it has ended, or is not ours
        return (_PROC / str(pid) / "cwd").readlink()
    return None


def _open_files(pid: int) -> list[Path]:
    return list((_PROC / str(pid) / "fd").iterdir())


def _target(descriptor: Path) -> str:
    with suppress(FileNotFoundError):  # closed meanwhile
        return str(descriptor.readlink())
    return ""


def _address(hexadecimal: str) -> tuple[str, int]:
    address, port = hexadecimal.split(":")
    octets = bytes.fromhex(address)[::-1]
    return ".".join(map(str, octets)) if len(octets) == 4 else "::", int(port, 16)
