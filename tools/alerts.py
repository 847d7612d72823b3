"""`python -m tools.alerts`: check the alert rules in `ops/` with promtool, if it is installed.

Debian's package `prometheus` has it.
"""

import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "ops" / "prometheus"
_COMMANDS = (["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"])


def check(promtool: str | None) -> int:
    """Return 0 if the rules are right, or cannot be checked for want of promtool; else 1."""
    if promtool is None:
        print("promtool is not installed, so the alert rules in ops/ were not checked.")
        return 0
    for command in _COMMANDS:
        done = subprocess.run(  # noqa: S603 - our own command
            [promtool, *command], cwd=FOLDER, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            print(f"{done.stdout}{done.stderr}", file=sys.stderr)
            return 1
    print("The alert rules in ops/ are right.")
    return 0


if __name__ == "__main__":
    sys.exit(check(shutil.which("promtool")))
