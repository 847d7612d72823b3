"""The folder of the embedded database: its files, its log, and the socket that leads to it."""

import errno
import fcntl
import os
import shutil
from pathlib import Path
from typing import IO
from urllib.parse import quote_plus

from server.domain.errors import StartupError

SOCKET = "mongod.sock"

_FREE_BYTES_FOR_A_NEW_ONE = 512 * 1024**2  # the journal alone is preallocated with 300 MB
_FREE_BYTES_FOR_AN_OLD_ONE = 64 * 1024**2
_FREE_BYTES_TO_GO_ON = 1024**2
_LOG_CHARACTERS = 8_000  # at the end of the log, in which a cause is looked for
_LONGEST_SOCKET_PATH = 107  # bytes: sockaddr_un.sun_path of Linux, less its final zero


class DataFolder:
    """The folder, which one server at a time may claim."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.log = self.path / "mongod.log"
        self._lock: IO[str] | None = None
        self._descriptor: int | None = None  # of the folder, if the address needs it

    def claim(self) -> None:
        """Create the folder if need be, and lock it until `release`.

        Raises:
            StartupError: another server uses it, it cannot be used, or its disk is full.
        """
        try:
            if self.path.exists() and not self.path.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self.path / "db").mkdir(exist_ok=True, mode=0o700)
            self._lock = (self.path / "server.lock").open("a+")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartupError(
                f"Another stockbatch server is using {self.path}: stop it, or set DATA_DIR to "
                "another folder."
            ) from error
        except OSError as error:
            raise StartupError(
                f"The data folder {self.path} cannot be used: {error.strerror}. "
                "Mend that, or set DATA_DIR to another folder."
            ) from error
        is_new = not any((self.path / "db").iterdir())
        needed = _FREE_BYTES_FOR_A_NEW_ONE if is_new else _FREE_BYTES_FOR_AN_OLD_ONE
        if shutil.disk_usage(self.path).free < needed:
            raise StartupError(self.full_disk())

    def release(self) -> None:
        """Let another server claim the folder."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        if self._lock is not None:
            self._lock.close()

    def start_log(self) -> IO[bytes]:
        """Open an empty log, and keep the one before it as `mongod.log.1`."""
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        return self.log.open("wb")

    def end_of_log(self) -> str:
        """Return the last characters of the log."""
        return self.log.read_text(errors="replace")[-_LOG_CHARACTERS:]

    def uri(self) -> str:
        """Return the address of a database that listens in the folder.

        If the path of the socket is too long or not ASCII, the address is for this process alone:
        it goes through a descriptor of the folder, which stays open until `release`.
        """
        path = os.fsencode(self.path / SOCKET)
        if len(path) > _LONGEST_SOCKET_PATH or not path.isascii():
            if self._descriptor is None:
                self._descriptor = os.open(self.path, os.O_DIRECTORY)
            path = f"/proc/self/fd/{self._descriptor}/{SOCKET}".encode()
        return f"mongodb://{quote_plus(path.decode())}/?directConnection=true"

    def is_full(self) -> bool:
        """Return whether the disk is too full for a database that runs to go on."""
        return shutil.disk_usage(self.path).free < _FREE_BYTES_TO_GO_ON

    def full_disk(self) -> str:
        """Return the sentence for an operator whose disk is full."""
        return (
            f"The disk of {self.path} is full: the embedded database needs "
            f"{_FREE_BYTES_FOR_A_NEW_ONE // 1024**2} MB to begin with. Free some, or set DATA_DIR "
            "to another disk."
        )


def is_in_use(path: Path) -> bool:
    """Return whether a server of this machine uses the folder."""
    lock = path / "server.lock"
    if not lock.exists():
        return False
    with lock.open("a+") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def running_uri(path: Path) -> str:
    """Return the address of the database that a server on this machine has started in the folder.

    Raises:
        StartupError: there is none.
    """
    if not (path / SOCKET).is_socket():
        raise StartupError(
            f"There is no database to work on: MONGODB_URI is not set, and no server runs on "
            f"DATA_DIR {path}. Set MONGODB_URI to the servers' database, or start a server on "
            "that folder first."
        )
    return DataFolder(path).uri()  # a descriptor that it opens stays open
