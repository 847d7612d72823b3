"""The server's own MongoDB: a real `mongod`, a replica set of one member, private to this process.

It listens on a socket file in its data folder and on no port. When the server dies, of whatever
cause, the kernel kills it. Why: docs/decisions/0004-embedded-mongod.md.
"""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from server.domain.errors import StartupError
from server.mongo.connection.binary import find_mongod, why_it_stopped
from server.mongo.connection.data_folder import SOCKET, DataFolder
from server.mongo.connection.driver import Client

log = logging.getLogger(__name__)

_START_SECONDS = 60.0  # recovery after a kill replays the journal; a normal start takes under one
_STOP_SECONDS = 10.0
_SET = "embedded"  # the replica set's name

# Runs between fork and exec of mongod, and has the kernel kill mongod when its parent dies. The
# parent may have died before that took effect, so the script looks once more.
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
    """A `mongod` of this process. `uri` is its address once it has started.

    `parameters` are server parameters, as `mongod --setParameter` takes them.
    """

    def __init__(self, data_dir: Path, parameters: Mapping[str, object] | None = None) -> None:
        self._folder = DataFolder(data_dir)
        self._parameters = {"diagnosticDataCollectionEnabled": "false"} | dict(parameters or {})
        self._process: asyncio.subprocess.Process | None = None
        self.uri = ""

    async def start(self) -> None:
        """Start it, and return once it takes transactions.

        Raises:
            StartupError: the folder is in use or unusable, the disk is full, there is no mongod,
                or it does not run here; the message says which, and what to do.
        """
        try:
            mongod = find_mongod()
            self._folder.claim()
            await self._launch(mongod)
            await self._become_primary()
        except BaseException:
            await self.stop()
            raise

    async def wait(self) -> str:
        """Return when the process has ended, with a sentence that says why."""
        status = await self._running.wait()
        if self._folder.is_full():
            return self._folder.full_disk()  # then the log has no room to say so
        if status == -signal.SIGKILL:
            return (
                f"The embedded database was killed (kill -9): {self._folder.log} ends where it was."
            )
        return self._why_it_stopped()

    async def stop(self, seconds: float = _STOP_SECONDS) -> None:
        """Shut it down cleanly, or kill it if that takes longer."""
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), seconds)
            except TimeoutError:
                log.warning("The embedded database did not stop in time and was killed")
                process.kill()
                await process.wait()
        self._folder.release()

    @property
    def has_ended(self) -> bool:
        """Return whether the process has ended."""
        return self._running.returncode is not None

    @property
    def pid(self) -> int:
        """Return the process id of mongod."""
        return self._running.pid

    @property
    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("start() comes first")
        return self._process

    async def _launch(self, mongod: Path) -> None:
        arguments = [
            *("--dbpath", "db", "--replSet", _SET),
            # A relative path keeps the replica set's configuration valid when the folder moves.
            *("--bind_ip", f"./{SOCKET}", "--nounixsocket", "--filePermissions", "0600"),
            # MongoDB before 6.0.27 can be made to leak memory through zlib (CVE-2025-14847).
            *("--networkMessageCompressors", "disabled"),
            *("--wiredTigerCacheSizeGB", "1", "--slowms", "1000"),
        ]
        for name, value in self._parameters.items():
            arguments += ["--setParameter", f"{name}={value}"]
        with self._folder.start_log() as log_file:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", "-c", _GUARD, str(os.getpid()), str(mongod)),
                *arguments,
                cwd=self._folder.path,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log_file,
                stderr=log_file,
                start_new_session=True,  # Ctrl-C reaches the server alone, which stops mongod last
            )
        self.uri = self._folder.uri()

    async def _become_primary(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        client: Client = AsyncMongoClient(
            self.uri, serverSelectionTimeoutMS=100, connectTimeoutMS=1000
        )
        async with client:
            while not await _is_primary(client):
                if self.has_ended:
                    raise StartupError(self._why_it_stopped())
                if time.monotonic() > deadline:
                    raise StartupError(
                        f"The embedded database was not ready within {_START_SECONDS:.0f} s: "
                        f"{self._folder.log} says what it was doing."
                    )
                await asyncio.sleep(0.02)

    def _why_it_stopped(self) -> str:
        return why_it_stopped(self._folder.end_of_log(), self._folder.path)


async def _is_primary(client: Client) -> bool:
    """Return whether it takes writes. At its first start this makes it a replica set."""
    try:
        hello = await client.admin.command("hello")
        if hello.get("isreplicaset") and "setName" not in hello:
            config = {"_id": _SET, "members": [{"_id": 0, "host": f"./{SOCKET}"}]}
            await client.admin.command("replSetInitiate", config)
    except OperationFailure as error:
        log.debug("The embedded database is not ready: %s", error)
        return False
    except PyMongoError:
        return False
    return bool(hello.get("isWritablePrimary"))
