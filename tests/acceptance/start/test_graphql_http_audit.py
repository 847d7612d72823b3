"""Audit GraphQL over HTTP with graphql-http, the reference implementation."""

import json

import pytest

from tests.support.processes.node_tool import run_node
from tests.support.processes.server_process import ServerProcess
from tests.support.project import PROJECT


@pytest.mark.node
def test_every_audit_is_passed(running: ServerProcess) -> None:
    told = run_node(PROJECT / "tests" / "node", ["audit.mjs", f"{running.url}/graphql"])

    assert json.loads(told) == {"total": 61, "counts": {"ok": 61}, "shortcomings": []}
