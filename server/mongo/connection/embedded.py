"""The server's own MongoDB: a real `mongod`, a replica set of one member, private to this process.

It listens on a socket file in its data folder and on no port, and the kernel ends it when the
server ends, however that happens. Why: docs/decisions/0004-embedded-mongod.md.
"""

import asyncio
import errno
import fcntl
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote_plus

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from server.domain.errors import StartupError
from server.mongo.connection.binary import find_mongod, why_it_stopped

log = logging.getLogger(__name__)

_START_SECONDS = 60.0  # recovery after a kill replays the journal; a normal start takes under one
_STOP_SECONDS = 10.0
_FREE_BYTES_FOR_A_NEW_ONE = 512 * 1024**2  # the journal alone is preallocated with 300 MB
_FREE_BYTES_FOR_AN_OLD_ONE = 64 * 1024**2
_FREE_BYTES_TO_GO_ON = 1024**2
_LAST_WORDS = 8_000  # characters of the log in which a cause is looked for
_SOCKET = "mongod.sock"
_LONGEST_SOCKET_PATH = 107  # bytes: sockaddr_un.sun_path of Linux, less its final zero

# Between fork and exec of mongod: have the kernel kill it when its parent dies. Its parent may
# have died before that took effect, so look once more.
_GUARD = """
import ctypes, os, sys
PR_SET_PDEATHSIG, SIGKILL = 1, 9
if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, SIGKILL) != 0:
    sys.exit("prctl failed")
if os.getppid() != int(sys.argv[1]):
    sys.exit("the server has ended")
os.execv(sys.argv[2], sys.argv[2:])
"""


class EmbeddedMongod:
    """A running `mongod`; `uri` leads to it."""

    def __init__(self, data_dir: Path, parameters: Mapping[str, Any] | None = None) -> None:
        self._data_dir = data_dir.absolute()
        self._parameters = {"diagnosticDataCollectionEnabled": "false"} | dict(parameters or {})
        self._lock: IO[str] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._folder: int | None = None  # its descriptor, where a short path to it is needed
        self.uri = ""

    async def start(self) -> None:
        """Start it, and return once it takes transactions.

        Raises:
            StartupError: the folder is in use or unusable, the disk is full, no mongod is there,
                or it does not run here; the message says which and what to do.
        """
        try:
            mongod = find_mongod()
            self._claim_folder()
            await self._launch(mongod)
            await self._become_primary()
        except BaseException:
            await self.stop()
            raise

    async def wait(self) -> str:
        """Return when the process has ended, with a sentence that says why."""
        status = await self._running.wait()
        if shutil.disk_usage(self._data_dir).free < _FREE_BYTES_TO_GO_ON:
            return self._full_disk()  # with no room to say so in its log
        if status == -signal.SIGKILL:
            return (
                "The embedded database was killed (kill -9): "
                f"{self._data_dir / 'mongod.log'} ends where it was."
            )
        return why_it_stopped(self._output(), self._data_dir)

    async def stop(self) -> None:
        """Shut it down cleanly; by force if it takes too long."""
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_SECONDS)
            except TimeoutError:
                log.warning("The embedded database did not stop in time and was killed")
                process.kill()
                await process.wait()
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None
        if self._lock is not None:
            self._lock.close()

    @property
    def has_ended(self) -> bool:
        """Whether the process is there no more."""
        return self._running.returncode is not None

    @property
    def pid(self) -> int:
        """The process id of mongod."""
        return self._running.pid

    @property
    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("start() comes first")
        return self._process

    def _claim_folder(self) -> None:
        try:
            if self._data_dir.exists() and not self._data_dir.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            self._data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self._data_dir / "db").mkdir(exist_ok=True, mode=0o700)
            self._lock = (self._data_dir / "server.lock").open("a+")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartupError(
                f"Another stockbatch server is using {self._data_dir}: stop it, or set DATA_DIR to "
                "another folder."
            ) from error
        except OSError as error:
            raise StartupError(
                f"The data folder {self._data_dir} cannot be used: {error.strerror}. "
                "Mend that, or set DATA_DIR to another folder."
            ) from error
        is_new = not any((self._data_dir / "db").iterdir())
        needed = _FREE_BYTES_FOR_A_NEW_ONE if is_new else _FREE_BYTES_FOR_AN_OLD_ONE
        if shutil.disk_usage(self._data_dir).free < needed:
            raise StartupError(self._full_disk())

    def _full_disk(self) -> str:
        return (
            f"The disk of {self._data_dir} is full: the embedded database needs "
            f"{_FREE_BYTES_FOR_A_NEW_ONE // 1024**2} MB to begin with. Free some, or set DATA_DIR "
            "to another disk."
        )

    async def _launch(self, mongod: Path) -> None:
        output = self._data_dir / "mongod.log"
        if output.exists():
            output.replace(output.with_suffix(".log.1"))
        arguments = [
            *("--dbpath", "db", "--replSet", "embedded"),
            # A relative path keeps the replica set's configuration valid when the folder moves.
            *("--bind_ip", "./mongod.sock", "--nounixsocket", "--filePermissions", "0600"),
            # MongoDB before 6.0.27 can be made to leak memory through zlib (CVE-2025-14847).
            *("--networkMessageCompressors", "disabled"),
            *("--wiredTigerCacheSizeGB", "1", "--slowms", "1000"),
        ]
        for name, value in self._parameters.items():
            arguments += ["--setParameter", f"{name}={value}"]
        with output.open("wb") as log_file:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", "-c", _GUARD, str(os.getpid()), str(mongod)),
                *arguments,
                cwd=self._data_dir,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log_file,
                stderr=log_file,
                start_new_session=True,  # Ctrl-C is for the server, which then stops it in order
            )
        self.uri, self._folder = _uri(self._data_dir)

    async def _become_primary(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            self.uri, serverSelectionTimeoutMS=100, connectTimeoutMS=1000
        )
        async with client:
            while not await _is_primary(client):
                self._require_running()
                if time.monotonic() > deadline:
                    raise StartupError(
                        f"The embedded database was not ready within {_START_SECONDS:.0f} s: "
                        f"{self._data_dir / 'mongod.log'} says what it was doing."
                    )
                await asyncio.sleep(0.02)

    def _require_running(self) -> None:
        if self._running.returncode is not None:
            raise StartupError(why_it_stopped(self._output(), self._data_dir))

    def _output(self) -> str:
        return (self._data_dir / "mongod.log").read_text(errors="replace")[-_LAST_WORDS:]


async def _is_primary(client: AsyncMongoClient[dict[str, Any]]) -> bool:
    """Whether it takes writes; makes it a replica set on the way, the first time."""
    try:
        hello = await client.admin.command("hello")
        if hello.get("isreplicaset") and "setName" not in hello:
            member = {"_id": 0, "host": "./mongod.sock"}
            config = {"_id": "embedded", "members": [member]}
            await client.admin.command("replSetInitiate", config)
    except OperationFailure as error:
        log.debug("The embedded database is not ready: %s", error)
        return False
    except PyMongoError:
        return False
    return bool(hello.get("isWritablePrimary"))


def running_uri(data_dir: Path) -> str:
    """The address of the database that a server on this machine has started in the folder.

    Raises:
        StartupError: there is none.
    """
    if not (data_dir / _SOCKET).is_socket():
        raise StartupError(
            f"There is no database to work on: MONGODB_URI is not set, and no server runs on "
            f"DATA_DIR {data_dir}. Set MONGODB_URI to the servers' database, or start a server on "
            "that folder first."
        )
    uri, _ = _uri(data_dir.absolute())  # a folder that it opens stays open
    return uri


def _uri(data_dir: Path) -> tuple[str, int | None]:
    """By the socket's path; or by one for this process alone, with the descriptor of the folder,
    if that is long or not ASCII.
    """
    path, folder = os.fsencode(data_dir / _SOCKET), None
    if len(path) > _LONGEST_SOCKET_PATH or not path.isascii():
        folder = os.open(data_dir, os.O_DIRECTORY)
        path = f"/proc/self/fd/{folder}/{_SOCKET}".encode()
    return f"mongodb://{quote_plus(path.decode())}/?directConnection=true", folder
