"""`python -m tools.licences`: compare the licences of what is pinned with `docs/licences.md`.

`python -m tools.licences rows` prints the rows that the tables of that page should have.
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[1]
PAGE: Final = PROJECT / "docs" / "licences.md"
PINS: Final = PROJECT / "requirements" / "dev.txt"  # everything that is pinned
LOCKS: Final = ("web", "examples/typescript", "examples/convex", "tests/node", "bench/node")
UNKNOWN: Final = "unknown"

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
_ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+?) \|", re.MULTILINE)
_CLASSIFIER = "License :: OSI Approved :: "
_LONGEST = 60  # characters: a longer field is the whole text of a licence
_NAMES: Final = {  # what packages write, and SPDX's name for it
    "Apache": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


def pinned(pins: str) -> set[str]:
    """Return the names of the distributions in a file of pins."""
    return {name.lower() for name in _PIN.findall(pins)}


def told(page: str) -> dict[str, str]:
    """Return the licence of each distribution in the tables of the page."""
    return {name: licence.strip() for name, licence in _ROW.findall(page)}


def licence_of(found: Distribution) -> str:
    """Return the licence of an installed distribution, in SPDX's words where they are known."""
    metadata = found.metadata
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    classifiers = [
        one.removeprefix(_CLASSIFIER)
        for one in metadata.get_all("Classifier") or []
        if one.startswith(_CLASSIFIER)
    ]
    field = metadata["License"].strip() if "License" in metadata else ""
    if field and len(field) <= _LONGEST and "\n" not in field:
        return _NAMES.get(field, field)
    names = [_NAMES.get(one, one) for one in classifiers]
    return " AND ".join(sorted(names)) or UNKNOWN


def faults(pins: str, page: str, installed: Mapping[str, str]) -> list[str]:
    """Return what the page does not tell, or tells wrongly, of the pinned distributions.

    What is pinned for another platform is not in `installed`, and only needs a row.
    """
    names, rows = pinned(pins), told(page)
    missing = [f"{name} has no row: {installed.get(name, UNKNOWN)}" for name in names - rows.keys()]
    gone = [f"{name} has a row, and is not pinned" for name in rows.keys() - names]
    wrong = [
        f"{name} has the licence {installed[name]}, and the page says {rows[name]}"
        for name in names & rows.keys() & installed.keys()
        if installed[name] != rows[name]
    ]
    return sorted(missing + gone + wrong)


def faults_of_locks(page: str, locks: Iterable[tuple[str, str]]) -> list[str]:
    """Return which licences of Node's packages the page does not name; `locks` have their texts."""
    return sorted(
        f"{folder}: {name} has the licence {licence}, which the page does not name"
        for folder, text in locks
        for name, package in json.loads(text)["packages"].items()
        for licence in [str(package.get("license", UNKNOWN))]
        if name and f"`{licence}`" not in page
    )


def installed_licences(names: Iterable[str]) -> dict[str, str]:
    """Return the licences of those of the distributions that are installed."""
    found = {}
    for name in names:
        try:
            found[name] = licence_of(distribution(name))
        except PackageNotFoundError:
            continue
    return found


def main(arguments: list[str]) -> int:
    """Return 0 if the page tells every licence; otherwise print what it lacks, and return 1."""
    pins, page = PINS.read_text(encoding="utf-8"), PAGE.read_text(encoding="utf-8")
    installed = installed_licences(pinned(pins))
    if arguments == ["rows"]:
        for name in sorted(pinned(pins)):
            print(f"| `{name}` | {installed.get(name, UNKNOWN)} |")
        return 0
    locks = [(one, (PROJECT / one / "package-lock.json").read_text("utf-8")) for one in LOCKS]
    found = [*faults(pins, page, installed), *faults_of_locks(page, locks)]
    for fault in found:
        print(f"docs/licences.md: {fault}", file=sys.stderr)
    if not found:
        print(f"docs/licences.md tells the licences of {len(pinned(pins))} packages.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
