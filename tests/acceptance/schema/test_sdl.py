"""Run `python -m server schema`: the SDL file is what the code says."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes.program import environment
from tests.support.project import PROJECT

_FILE = Path("schema/schema.graphql")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Make a folder with copies of the files that the command reads, and nothing else."""
    for file in (
        "schema/schema.graphql",
        "schema/released.graphql",
        "CHANGELOG.md",
        "pyproject.toml",
    ):
        copy = tmp_path / file
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes((PROJECT / file).read_bytes())
    return tmp_path


def schema(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the command in `folder`; return its exit status and its output."""
    done = subprocess.run(
        [sys.executable, "-m", "server", "schema", *arguments],
        cwd=folder,
        env=environment(PYTHONPATH=PROJECT),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_the_file_is_current() -> None:
    assert schema(PROJECT, "--check") == (0, "")


def test_a_file_that_differs_is_told_and_mended(elsewhere: Path) -> None:
    current = (elsewhere / _FILE).read_text(encoding="utf-8")
    other = current.replace("batchUpdateStock(", "updateStock(")
    (elsewhere / _FILE).write_text(other, encoding="utf-8")

    assert schema(elsewhere, "--check") == (
        1,
        f"{_FILE} is not what the code says: run `make schema` and commit it.\n",
    )
    assert (elsewhere / _FILE).read_text(encoding="utf-8") == other

    assert schema(elsewhere) == (0, "")
    assert (elsewhere / _FILE).read_text(encoding="utf-8") == current
