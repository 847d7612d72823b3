"""The sampler of `python -m bench profile`."""

import json
import subprocess
import sys
from pathlib import Path

from bench.profile import sampler

MODULE = """
import dataclasses, sys, time
@dataclasses.dataclass(frozen=True)
class Value:
    a: int; b: int; c: int; d: int; e: int; f: int; g: int; h: int
def busy():
    until = time.thread_time() + 0.3
    while time.thread_time() < until:
        pass
def calls_busy():
    busy()
calls_busy()
until = time.thread_time() + 0.3
while time.thread_time() < until:
    for _ in range(100):
        Value(1, 2, 3, 4, 5, 6, 7, 8)
assert sys.argv[1:] == ["word"], sys.argv
"""


def test_time_is_charged_to_the_function_that_works_and_to_the_class_of_generated_code(
    tmp_path: Path,
) -> None:
    (tmp_path / "sampled.py").write_text(MODULE)
    report = tmp_path / "report.json"

    command = [sys.executable, sampler.__file__, str(report), "sampled", "word"]
    subprocess.run(command, cwd=tmp_path, check=True)

    found = json.loads(report.read_text())
    assert (
        "sampled.py calls_busy" not in sorted(found["functions"], key=found["functions"].get)[-2:]
    )
    assert found["functions"]["sampled.py busy"] > 0.25 * found["main"]
    assert found["functions"]["__main__ Value.__init__"] > 0.1 * found["main"]
