"""Three mongods on loopback ports that elect a primary among themselves."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from server.mongo.binary import find_mongod

_READY_SECONDS = 60.0


@dataclass
class ReplicaSet:
    members: dict[int, subprocess.Popen[bytes]]  # by port

    @property
    def uri(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.members)
        return f"mongodb://{hosts}/?replicaSet=rs"

    def primary(self) -> int:
        """The port of the primary, once there is one."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            for port, process in self.members.items():
                if process.poll() is None and _hello(port).get("isWritablePrimary"):
                    return port
            time.sleep(0.05)
        raise AssertionError(f"no primary within {_READY_SECONDS} s")

    def kill_primary(self) -> None:
        """kill -9, as a power cut would."""
        process = self.members[self.primary()]
        process.kill()
        process.wait()

    def step_down_primary(self) -> None:
        with _direct(self.primary()) as client:
            client.admin.command("replSetStepDown", 5, secondaryCatchUpPeriodSecs=3)


@contextmanager
def three_members(folder: Path) -> Iterator[ReplicaSet]:
    started = ReplicaSet({port: _start(folder, port) for port in _free_ports(3)})
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
    data.mkdir()
    with (folder / f"{port}.log").open("wb") as log:
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
