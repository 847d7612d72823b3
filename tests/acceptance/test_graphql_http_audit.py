"""GraphQL over HTTP as graphql-http, the reference implementation, audits it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.server_process import ServerProcess

NODE = Path(__file__).parents[1] / "node"


@pytest.mark.node
def test_every_audit_is_passed(running: ServerProcess) -> None:
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules" / "graphql-http").is_dir():
        pytest.fail("This test needs Node 20 or newer and `make clients`.")

    ended = subprocess.run(
        [node, "audit.mjs", f"{running.url}/graphql"],
        cwd=NODE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.stderr == ""
    assert json.loads(ended.stdout) == {"total": 61, "counts": {"ok": 61}, "shortcomings": []}
