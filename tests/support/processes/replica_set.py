"""Run three mongods on loopback ports that elect a primary among themselves."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from server.mongo.connection.binary import find_mongod

_READY_SECONDS = 60.0


@dataclass
class ReplicaSet:
    folder: Path
    members: dict[int, subprocess.Popen[bytes]]  # by port
    paused: set[int] = field(default_factory=set)

    @property
    def uri(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.members)
        return f"mongodb://{hosts}/?replicaSet=rs"

    def primary(self) -> int:
        """Wait until there is a primary, and return its port."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            for port, process in self.members.items():
                is_up = process.poll() is None and port not in self.paused
                if is_up and _hello(port).get("isWritablePrimary"):
                    return port
            time.sleep(0.05)
        raise AssertionError(f"no primary within {_READY_SECONDS} s")

    def kill_primary(self) -> int:
        """Kill the primary with SIGKILL, as a power cut would; return its port."""
        port = self.primary()
        self.members[port].kill()
        self.members[port].wait()
        return port

    def restart(self, port: int) -> None:
        """Start a killed member on the data that it has left."""
        self.members[port] = _start(self.folder, port)
        self._wait_for(port)

    def pause_primary(self) -> int:
        """Stop the primary's process, as if its machine hung; return its port."""
        port = self.primary()
        self.paused.add(port)
        os.kill(self.members[port].pid, signal.SIGSTOP)
        return port

    def resume(self, port: int) -> None:
        """Let a paused member go on, which still takes itself for the primary."""
        os.kill(self.members[port].pid, signal.SIGCONT)
        self.paused.discard(port)
        self._wait_for(port)

    def step_down_primary(self) -> None:
        with _direct(self.primary()) as client:
            client.admin.command("replSetStepDown", 5, secondaryCatchUpPeriodSecs=3)

    def _wait_for(self, port: int) -> None:
        """Wait until the member follows the primary, or is the primary."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            hello = _hello(port)
            if hello.get("primary") and (hello["isWritablePrimary"] or hello["secondary"]):
                return
            time.sleep(0.05)
        raise AssertionError(f"{port} is no member again within {_READY_SECONDS} s")


@contextmanager
def three_members(folder: Path) -> Iterator[ReplicaSet]:
    started = ReplicaSet(folder, {port: _start(folder, port) for port in _free_ports(3)})
    try:
        _initiate(list(started.members))
        started.primary()
        yield started
    finally:
        for process in started.members.values():
            process.kill()
            process.wait()


def _start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    data = folder / str(port)
    data.mkdir(exist_ok=True)
    with (folder / f"{port}.log").open("ab") as log:
        return subprocess.Popen(
            [
                *(str(find_mongod()), "--dbpath", str(data), "--replSet", "rs"),
                *("--bind_ip", "127.0.0.1", "--port", str(port), "--nounixsocket"),
                *("--oplogSize", "64", "--wiredTigerCacheSizeGB", "0.25"),
            ],
            stdout=log,
            stderr=log,
        )


def _initiate(ports: list[int]) -> None:
    members = [{"_id": place, "host": f"127.0.0.1:{port}"} for place, port in enumerate(ports)]
    settings = {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 300}
    config = {"_id": "rs", "members": members, "settings": settings}
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            with _direct(ports[0]) as client:
                client.admin.command("replSetInitiate", config)
            return
        except PyMongoError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _hello(port: int) -> dict[str, Any]:
    try:
        with _direct(port) as client:
            reply: dict[str, Any] = client.admin.command("hello")
            return reply
    except PyMongoError:
        return {}


def _direct(port: int) -> MongoClient[dict[str, Any]]:
    return MongoClient("127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=1000)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
