"""What CHANGELOG.md says to those whom a new version breaks.

    ## [Unreleased]          the next version; or a number that is newer than the released one

    ### Breaking

    - Field Product.stock was removed. Ask for `available` instead.

An item begins with the sentence of `schema.changes`; what users are to do instead follows it.
"""

import re
from collections.abc import Iterable, Iterator

_VERSION = re.compile(r"\d+\.\d+\.\d+")
_BULLET = re.compile(r"[-*] ")


def unannounced(changes: Iterable[str], changelog: str, *, released: str) -> list[str]:
    """Those that are not told under `### Breaking` of a version after `released`, such as 0.1.0."""
    announced = [_plain(item) for item in _items(changelog, released)]
    return [one for one in changes if not any(item.startswith(one) for item in announced)]


def is_version(text: str) -> bool:
    return _VERSION.fullmatch(text) is not None


def is_newer(version: str, other: str) -> bool:
    return _numbers(version) > _numbers(other)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def _items(changelog: str, released: str) -> Iterator[str]:
    """Each with all its lines."""
    is_next = is_breaking = False
    item: list[str] = []
    for line in [*changelog.splitlines(), "# The end"]:
        if item and (line.startswith("#") or _BULLET.match(line)):
            yield "\n".join(item)
            item = []
        if line.startswith("## "):
            is_next, is_breaking = _is_next(line, released), False
        elif line.startswith("### "):
            is_breaking = is_next and line.strip() == "### Breaking"
        elif is_breaking:
            item.append(line)


def _is_next(heading: str, released: str) -> bool:
    """A heading without a number is that of the next version."""
    found = _VERSION.search(heading)
    return found is None or is_newer(found.group(), released)


def _plain(item: str) -> str:
    """On one line, without its bullet and the marks of code."""
    return " ".join(_BULLET.sub("", item.strip(), count=1).replace("`", "").split())
