"""What was measured, and on which machine."""

import os
import re
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from platform import machine, python_version

from bench.sides.checkout import Checkout

_PACKAGES = ["pymongo", "motor", "strawberry-graphql", "starlette", "uvicorn"]


def facts(checkouts: Sequence[Checkout]) -> list[str]:
    """Return the commits, the machine and the versions, in a line each."""
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    processor_name = processor[1] if processor else machine()
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    mongod = checkouts[0].client.server_info()["version"]
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return [
        *(f"`{one.name}`: commit {_commit(one.folder)}, driver {one.driver}." for one in checkouts),
        f"{cores} cores ({processor_name}), load {load:.1f} before the start.",
        f"Python {python_version()}, MongoDB {mongod}, {packages}.",
    ]


def _commit(folder: Path) -> str:
    """Return the folder's commit, with "-dirty" if files differ from it."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
