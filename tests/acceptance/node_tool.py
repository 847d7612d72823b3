"""Programs of Node, and whether what they need is there."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run_node(folder: Path, arguments: Sequence[str], **environment: str) -> str:
    """What `node …` prints in `folder`, whose packages are installed. It ends in order."""
    node = shutil.which("node")
    if node is None:
        pytest.fail("This test needs Node 20 or newer: install it, or run `make test`.")
    if not (folder / "node_modules").is_dir():
        where = folder.relative_to(ROOT)
        pytest.fail(f"This test needs the packages of {where}: run `make clients`.")
    ended = subprocess.run(
        [node, *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.stderr, ended.returncode) == ("", 0), ended.stdout
    return ended.stdout
