"""Seed 3's polling loop in JavaScript, as examples/poll_batch.js has it, against a real server."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.conftest import Serve

LOOP = Path(__file__).parents[2] / "examples" / "poll_batch.js"


@pytest.mark.node
def test_the_polling_loop_of_seed_3_ends_with_the_right_line(serve: Serve) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.fail("This test needs Node 18 or newer: install it, or run `make test`.")
    server = serve()

    ended = subprocess.run(
        [node, str(LOOP), server.url], capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.stderr == ""
    assert ended.returncode == 0
    lines = ended.stdout.splitlines()
    assert lines[0].startswith("Batch price update initiated: ")
    assert lines[1].startswith("[0] Status: ")
    assert lines[-1] == "Final: 3 succeeded, 1 failed"
