"""Seed 3's polling loop in JavaScript, as examples/poll_batch.js has it, against a real server."""

import subprocess

import pytest

from tests.acceptance.conftest import Serve
from tests.support.processes.node_tool import node
from tests.support.project import PROJECT as ROOT


@pytest.mark.node
def test_the_polling_loop_of_seed_3_ends_with_the_right_line(serve: Serve) -> None:
    loop, server = ROOT / "examples" / "poll_batch.js", serve()

    ended = subprocess.run(
        [node(), loop, server.url], capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.stderr == ""
    assert ended.returncode == 0
    lines = ended.stdout.splitlines()
    assert lines[0].startswith("Batch price update initiated: ")
    assert lines[1].startswith("[0] Status: ")
    assert lines[-1] == "Final: 3 succeeded, 1 failed"
