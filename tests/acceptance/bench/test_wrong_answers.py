"""The time of a side that does not do the work means nothing: the measurement ends."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project import PROJECT

pytestmark = pytest.mark.slow


@pytest.fixture
def liar(tmp_path: Path) -> Path:
    folder = tmp_path / "server"
    folder.mkdir()
    shutil.copy(Path(__file__).with_name("lying_server.py"), folder / "__main__.py")
    return tmp_path


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("stock", "Sides differ in a result of batchUpdateStock"),
        ("storms", "before: Answers have shown new stocks that no row has"),
    ],
)
def test_a_server_that_only_says_that_it_has_done_the_work_is_found_out(
    liar: Path, table: str, fault: str
) -> None:
    command = [sys.executable, "-m", "bench", "--quick", "--only", table, "--against", str(liar)]

    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert done.returncode == 1, done.stdout + done.stderr
    assert fault in done.stderr
