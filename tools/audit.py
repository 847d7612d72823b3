"""`python -m tools.audit`: look for known vulnerabilities in what is pinned.

Where nobody can be asked, as without a network, the audit says so and passes: it is no proof then.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).parents[1]
PINS: Final = PROJECT / "requirements" / "dev.txt"  # everything that is pinned
LOCKS: Final = ("web", "examples/typescript", "examples/convex")  # what others get
ACCEPTED: Final[Mapping[str, str]] = {}  # ids of vulnerabilities, and why each does no harm here

_SECONDS = 300
_FIRST_PIN = re.compile(r"^[a-z0-9][\w.-]*==[^\n]*(?:\n[ \t]+--hash[^\n]*)+", re.MULTILINE)

Run = Callable[[Sequence[str]], str]  # runs a program and returns its standard output


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit found. `unseen` are packages that nobody could be asked about."""

    name: str
    looked_at: int = 0
    unseen: int = 0
    vulnerabilities: Sequence[str] = ()

    def lines(self) -> list[str]:
        """Return what to tell."""
        found = [f"{self.name}: {one}" for one in self.vulnerabilities]
        if not self.looked_at:
            return [*found, f"{self.name}: could not be audited, as nobody answers here."]
        missed = f"; {self.unseen} could not be looked up" if self.unseen else ""
        return [*found, f"{self.name}: {self.looked_at} packages were looked up{missed}."]


def of_python(run: Run, pins: str, accepted: Mapping[str, str] = ACCEPTED) -> Report:
    """Return what is known of the Python packages. One is asked about first: it fails at once."""
    name = "requirements/dev.txt"
    first = _FIRST_PIN.search(pins)
    if first is None:
        raise ValueError("there are no pins")
    if not _read_python(name, _pip_audit(run, first.group()), accepted).looked_at:
        return Report(name)
    return _read_python(name, _pip_audit(run, pins), accepted)


def _pip_audit(run: Run, pins: str) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(pins + "\n")
        file.flush()
        command = [sys.executable, "-m", "pip_audit", "--requirement", file.name]
        return run([*command, "--disable-pip", "--format", "json", "--progress-spinner", "off"])


def _read_python(name: str, output: str, accepted: Mapping[str, str]) -> Report:
    packages = _json(output).get("dependencies", [])
    seen = [one for one in packages if "skip_reason" not in one]
    vulnerabilities = [
        f"{one['name']} {one['version']} has {fault['id']}; mended in "
        f"{', '.join(fault['fix_versions']) or 'no version yet'}"
        for one in seen
        for fault in one["vulns"]
        if not {fault["id"], *fault.get("aliases", [])} & accepted.keys()
    ]
    return Report(name, len(seen), len(packages) - len(seen), vulnerabilities)


def of_node(run: Run, folder: str, npm: str | None) -> Report:
    """Return what is known of the packages in the lock of a folder: what is high or critical."""
    name = f"{folder}/package-lock.json"
    if npm is None:
        return Report(name)
    output = run([npm, "--prefix", str(PROJECT / folder), "audit", "--package-lock-only", "--json"])
    found = _json(output)
    metadata = found.get("metadata")
    if not metadata:
        return Report(name)
    vulnerabilities = [
        f"{package} has a vulnerability that is {one['severity']}: `npm audit` tells which"
        for package, one in sorted(found["vulnerabilities"].items())
        if one["severity"] in ("high", "critical")
    ]
    return Report(name, metadata["dependencies"]["total"], 0, vulnerabilities)


def _json(output: str) -> dict[str, Any]:
    """Return the object that a program has printed; an empty one if it printed something else."""
    try:
        found = json.loads(output)
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _run(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            command, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout


def main() -> int:
    """Return 1 if a vulnerability is known that is not accepted; else 0."""
    npm = shutil.which("npm")
    reports = [
        of_python(_run, PINS.read_text(encoding="utf-8")),
        *(of_node(_run, folder, npm) for folder in LOCKS),
    ]
    for report in reports:
        print("\n".join(report.lines()))
    return int(any(report.vulnerabilities for report in reports))


if __name__ == "__main__":
    sys.exit(main())
