"""The sampler of `python -m bench profile`."""

import json
import subprocess
import sys
from pathlib import Path

from bench.profile import sampler

MODULE = """
import sys, time
def busy():
    until = time.thread_time() + 0.3
    while time.thread_time() < until:
        pass
def calls_busy():
    busy()
calls_busy()
assert sys.argv[1:] == ["word"], sys.argv
"""


def test_the_dearest_function_is_the_one_that_works_and_not_its_caller(tmp_path: Path) -> None:
    (tmp_path / "sampled.py").write_text(MODULE)
    report = tmp_path / "report.json"

    command = [sys.executable, sampler.__file__, str(report), "sampled", "word"]
    subprocess.run(command, cwd=tmp_path, check=True)

    found = json.loads(report.read_text())
    dearest = max(found["functions"], key=found["functions"].get)
    assert dearest == "sampled.py busy"
    assert found["functions"]["sampled.py busy"] > 0.5 * found["main"]
