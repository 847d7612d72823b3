"""Read which breaking changes CHANGELOG.md announces.

    ## [Unreleased]          the next version; or its number, such as [0.2.0]

    ### Breaking

    - Field Product.stock was removed. Ask for `available` instead.

    ## [0.1.0] - 2026-01-31  the released version

An item begins with the sentence of `tools.schema.changes`; what users are to do instead follows
it. Comments and blocks of code announce nothing.
"""

import re
from collections.abc import Iterable, Iterator

UNRELEASED = "Unreleased"
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*)")
_NAME = re.compile(rf"\[?({UNRELEASED}|{_VERSION.pattern})(?=[\s\]]|$)")
_BULLET = re.compile(r"[-*] ")
_UNSEEN = re.compile(
    r"<!--.*?(?:-->|\Z)"  # a comment
    r"|^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)",  # a block of code
    re.DOTALL | re.MULTILINE,
)


def unannounced(
    changes: Iterable[str], changelog: str, *, released: str, drafts: bool = True
) -> list[str]:
    """Return the changes that no version after `released`, such as 0.1.0, has under `### Breaking`.

    With `drafts`, the section `[Unreleased]` counts as such a version.
    """
    announced = [
        _plain(item)
        for name, lines in _next_sections(changelog, released)
        if drafts or name != UNRELEASED
        for item in _breaking_items(lines)
    ]
    return [one for one in changes if not any(item.startswith(one) for item in announced)]


def newest_version(changelog: str) -> str | None:
    """Return the highest version that has a heading; None if there is none."""
    names = [name for name, _ in _sections(changelog)]
    return max((name for name in names if is_version(name)), key=_numbers, default=None)


def is_version(text: str) -> bool:
    return _VERSION.fullmatch(text) is not None


def is_newer(version: str, other: str) -> bool:
    return _numbers(version) > _numbers(other)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def _next_sections(changelog: str, released: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the sections of newer versions than `released`, from the top."""
    for name, lines in _sections(changelog):
        if is_version(name) and not is_newer(name, released):
            return
        if name:
            yield name, lines


def _sections(changelog: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each section from the top: its version, "" if it has none, and its lines."""
    name = ""
    lines: list[str] = []
    for line in _UNSEEN.sub("", changelog).splitlines():
        level, title = _heading(line)
        if level in (1, 2):
            yield name, lines
            found = _NAME.match(title) if level == 2 else None
            name, lines = found.group(1) if found else "", []
        else:
            lines.append(line)
    yield name, lines


def _breaking_items(lines: Iterable[str]) -> Iterator[str]:
    """Yield each item under `### Breaking`, with all its lines."""
    is_breaking = False
    item: list[str] = []
    for line in [*lines, "### The end"]:
        level, title = _heading(line)
        if item and (level or _BULLET.match(line)):
            yield "\n".join(item)
            item = []
        if level:
            is_breaking = level == 3 and title.strip() == "Breaking"
        elif is_breaking and (item or _BULLET.match(line)):
            item.append(line)


def _heading(line: str) -> tuple[int, str]:
    """Return the level and the text of a heading; level 0 if the line is none."""
    found = _HEADING.fullmatch(line)
    return (len(found.group(1)), found.group(2)) if found else (0, "")


def _plain(item: str) -> str:
    """Return the item on one line, without its bullet and backticks."""
    return " ".join(_BULLET.sub("", item.strip(), count=1).replace("`", "").split())
