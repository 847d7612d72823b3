"""Compare our check for breaking changes with @graphql-inspector, which finds nothing more."""

import json
import shutil
import subprocess

import pytest

from tests.support.planted_changes import BEFORE, BREAKING, HARMLESS, STRICTER, planted
from tests.support.project import PROJECT
from tools.schema.changes import breaking_changes

NODE = PROJECT / "tests" / "node"


def inspected(*news: str) -> list[list[str]]:
    """Return what the inspector calls breaking in each of `news`."""
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules" / "@graphql-inspector").is_dir():
        pytest.fail("This test needs Node 20 or newer and `make clients`.")
    ended = subprocess.run(
        [node, "inspect.mjs"],
        cwd=NODE,
        input=json.dumps([[BEFORE, new] for new in news]),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stderr == ""
    answers: list[list[str]] = json.loads(ended.stdout)
    return answers


@pytest.mark.node
def test_all_that_the_inspector_finds_is_found() -> None:
    breaking = {kind: change[:2] for kind, change in (BREAKING | STRICTER).items()}
    changed = {kind: planted(*change) for kind, change in (breaking | HARMLESS).items()}

    answers = dict(zip(changed, inspected(*changed.values()), strict=True))

    ours = {kind for kind, new in changed.items() if breaking_changes(BEFORE, new)}
    assert {kind for kind, told in answers.items() if told} - ours == set()
    assert [kind for kind, told in answers.items() if not told] == [*STRICTER, *HARMLESS]
