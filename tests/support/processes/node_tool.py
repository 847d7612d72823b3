"""Run programs of Node, and fail with a hint where something is not installed."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.support.project import PROJECT

OLDEST = 20  # as .ci/run and the Makefile have it


def node(folder: Path | None = None) -> str:
    """Return the path of Node; if there is a `folder`, check that its packages are installed."""
    path = shutil.which("node")
    if path is None:
        pytest.fail(f"This test needs Node {OLDEST} or newer: install it, or run `make test`.")
    version = _version(path)
    if int(version.split(".")[0]) < OLDEST:
        pytest.fail(f"This test needs Node {OLDEST} or newer, and this one is {version}.")
    if folder is not None and not (folder / "node_modules").is_dir():
        where = folder.relative_to(PROJECT)
        pytest.fail(f"This test needs the packages of {where}: run `make clients`.")
    return path


def run_node(
    folder: Path, arguments: Sequence[str], *, sent: str | None = None, **environment: str
) -> str:
    """Run Node in `folder` with `sent` as input; return what it prints. It must succeed."""
    ended = subprocess.run(
        [node(folder), *arguments],
        cwd=folder,
        env=os.environ | environment,
        input=sent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    failed = ended.stderr or ended.returncode != 0
    assert not failed, (ended.returncode, ended.stdout, ended.stderr)
    return ended.stdout


@cache
def _version(path: str) -> str:
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    return told.stdout.strip().removeprefix("v")
