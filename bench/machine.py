"""What it was measured on, for the head of the report."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pymongo import MongoClient

_PACKAGES = ["pymongo", "motor", "strawberry-graphql", "graphql-core", "starlette", "uvicorn"]


def facts(client: MongoClient[dict[str, Any]]) -> str:
    """Cores, system and versions, in one line."""
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"Commit {_commit()}; {cores} cores ({_processor()}), load {load:.1f} before the start; "
        f"{platform.system()}, Python {platform.python_version()}, "
        f"MongoDB {client.server_info()['version']}; {packages}"
    )


def _commit() -> str:
    """Which code was measured; "changed" if what is measured differs from that commit."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    commit = _output(git, "rev-parse", "--short", "HEAD")
    changed = _output(git, "status", "--porcelain", "--", "server", "schema")
    return (commit or "unknown") + (", changed" if changed else "")


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
