"""GraphQL over HTTP as graphql-http, the reference implementation, audits it."""

import json

import pytest

from tests.acceptance.node_tool import ROOT, run_node
from tests.acceptance.server_process import ServerProcess


@pytest.mark.node
def test_every_audit_is_passed(running: ServerProcess) -> None:
    told = run_node(ROOT / "tests" / "node", ["audit.mjs", f"{running.url}/graphql"])

    assert json.loads(told) == {"total": 61, "counts": {"ok": 61}, "shortcomings": []}
