"""A server in Node as a good team would write it. It has stock updates alone."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pymongo import MongoClient

from bench.batch import Document
from bench.sides.process import running
from bench.sides.server import ServerSide

NODE = "Node"
FOLDER = Path(__file__).resolve().parents[1] / "node"
_OLDEST = 20
_DATABASE = "node"


def is_installed() -> bool:
    """Return whether Node and the packages of the server are there."""
    try:
        command = ["node", "--version"]
        version = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    found = re.match(r"v(\d+)", version)
    recent = found is not None and int(found[1]) >= _OLDEST
    return recent and (FOLDER / "node_modules").is_dir()


@contextmanager
def serving_node(uri: str, client: MongoClient[Document], logs: Path) -> Iterator[ServerSide]:
    """Start the server on a free port."""
    place = {"MONGODB_URI": uri, "MONGODB_DATABASE": _DATABASE, "NODE_ENV": "production"}
    command = ["node", "server.mjs"]
    with running(command, FOLDER, place, logs / "node.log") as process:
        side = ServerSide(NODE, process.address(), process.pid, client[_DATABASE])
        try:
            yield side
        finally:
            side.close()
