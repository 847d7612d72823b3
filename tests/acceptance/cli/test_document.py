"""`docs/cli.md` shows what really happens: its commands are run in a shell, and compared."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes.process_table import until
from tests.support.processes.program import environment
from tests.support.processes.server_process import ServerProcess
from tests.support.project import PROJECT

_BLOCK = re.compile(r"^```text\n(\$ .*?)^```$", re.MULTILINE | re.DOTALL)
_ID = re.compile(r"\b[0-9a-f]{24}\b")
_VARIABLE = [  # what differs from run to run
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "TIME"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "URL"),
    (re.compile(r"[\d,]+ MiB of the disk of \S+"), "ROOM"),
    (re.compile(r"\d+% full"), "SHARE"),
    (re.compile(r"differ by \d\.\d s"), "SKEW"),
]
_SHELL = """
stockbatch() { "%s" -m server "$@" 2>&1; }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the file of the document."""
    found = tmp_path / "files"
    found.mkdir()
    rows = ["productId,quantity", f"{1:024x},5", f"{2:024x},-3", f"{3:024x},-999", f"{4:024x},x"]
    (found / "stock.csv").write_text("\n".join(rows) + "\n")
    return found


def run(block: str, folder: Path, server: ServerProcess) -> str:
    """Run the commands of a block in one shell, and return the block as it should be."""
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    script = _SHELL % sys.executable
    for command in commands:
        script += (
            f"status=$?; printf '%s\\n' {_quoted('$ ' + command)}; (exit $status)\n{command}\n"
        )
    port = server.url.rpartition(":")[2]
    settings = environment(DATA_DIR=server.data_dir, PORT=port)
    settings |= {"STOCKBATCH_URL": server.url, "PYTHONPATH": str(PROJECT)}
    ended = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return ended.stdout


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


class Names:
    """Give each id a name in the order in which they appear, so that two texts can be compared."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def in_place(self, text: str) -> list[str]:
        for pattern, name in _VARIABLE:
            text = pattern.sub(name, text)
        text = _ID.sub(
            lambda found: self._names.setdefault(found[0], f"id{len(self._names)}"), text
        )
        return [line for line in text.splitlines() if line]


def test_the_commands_have_the_output_that_the_document_shows(
    server: ServerProcess, folder: Path
) -> None:
    blocks = _BLOCK.findall((PROJECT / "docs" / "cli.md").read_text())
    documented, real = Names(), Names()
    file = folder / "stock.csv"

    def all_have_ended() -> bool:
        edges = server.graphql("{ batchOperations { edges { node { status } } } }")
        nodes = [edge["node"]["status"] for edge in edges["batchOperations"]["edges"]]
        return set(nodes) <= {"COMPLETED"}

    for block in blocks:
        until(all_have_ended, "the end of every batch")

        output = run(block, folder, server)

        assert real.in_place(output) == documented.in_place(block)
        file.write_text(file.read_text().replace(",x\n", ",2\n"))  # as the document says
    assert len(blocks) == 5
