"""The file that clients are generated from is what the code says; and the server prints it."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.processes.program import environment
from tests.support.project import PROJECT

_FILE = Path("schema/schema.graphql")
_SERVER = ("server", "schema")


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


def schema(
    folder: Path, *arguments: str, program: Sequence[str] = ("tools.schema",)
) -> tuple[int, str]:
    """The exit status and the output of the command, run in `folder`."""
    done = subprocess.run(
        [sys.executable, "-m", *program, *arguments],
        cwd=folder,
        env=environment(PYTHONPATH=PROJECT),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_the_file_is_current() -> None:
    assert schema(PROJECT, "check") == (0, "")


def test_a_file_that_differs_is_told_and_mended(elsewhere: Path) -> None:
    current = (elsewhere / _FILE).read_text(encoding="utf-8")
    other = current.replace("batchUpdateStock(", "updateStock(")
    (elsewhere / _FILE).write_text(other, encoding="utf-8")

    assert schema(elsewhere, "check") == (
        1,
        f"{_FILE} is not what the code says: run `make schema` and commit it.\n",
    )
    assert (elsewhere / _FILE).read_text(encoding="utf-8") == other

    assert schema(elsewhere, "write") == (0, "")
    assert (elsewhere / _FILE).read_text(encoding="utf-8") == current


def test_the_server_prints_its_schema_or_writes_it_to_a_file(tmp_path: Path) -> None:
    current = (PROJECT / _FILE).read_text(encoding="utf-8")

    assert schema(tmp_path, program=_SERVER) == (0, current)
    assert list(tmp_path.iterdir()) == []

    assert schema(tmp_path, "mine.graphql", program=_SERVER) == (0, "")
    assert (tmp_path / "mine.graphql").read_text(encoding="utf-8") == current


def test_a_file_that_the_server_cannot_write_is_told(tmp_path: Path) -> None:
    assert schema(tmp_path, "none/mine.graphql", program=_SERVER) == (
        1,
        "stockbatch: Cannot write the schema to none/mine.graphql: No such file or directory.\n",
    )
