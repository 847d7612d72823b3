"""`python -m tools.schema check` and `release`: the schema is a promise to clients."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.schema import promise
from tools.schema.__main__ import main

FILE, RELEASED = promise.SDL, promise.RELEASED
CHANGELOG, PROJECT = promise.CHANGELOG, promise.PROJECT
BREAKING = "### Breaking\n\n- Field Product.weight was removed.\n"
TOLD = """\
The schema breaks clients of 0.1.0, and CHANGELOG.md does not say so. Mend it, or
write this under `## [Unreleased]`, each line with what users are to do instead:

### Breaking

- Field Product.weight was removed.
"""
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run the command in a folder with the schema of version 0.1.0; return status and output."""
    monkeypatch.chdir(tmp_path)
    FILE.parent.mkdir()

    def run(*arguments: str) -> tuple[int, str]:
        status = main([*arguments])
        output = capsys.readouterr()
        return status, output.out + output.err

    assert run("write") == (0, "")
    sdl = FILE.read_text(encoding="utf-8")
    RELEASED.write_text(f"# 0.1.0\n{sdl}", encoding="utf-8")
    _write_version("0.1.0", "## [0.1.0] - 2026-01-31\n")
    return run


@pytest.fixture
def broken(command: Command) -> Command:
    """Run the command where the release had one field more."""
    _release(r"\ntype Product {\n", r"\g<0>  weight: Int\n")
    return command


def _write_version(version: str, changelog: str) -> None:
    PROJECT.write_text(f'[project]\nversion = "{version}"\n', encoding="utf-8")
    CHANGELOG.write_text(changelog, encoding="utf-8")


def _release(pattern: str, by: str) -> None:
    """Change what was released."""
    changed, count = re.subn(pattern, by, RELEASED.read_text(encoding="utf-8"))
    assert count == 1
    RELEASED.write_text(changed, encoding="utf-8")


def test_what_breaks_clients_is_told_with_the_line_that_announces_it(broken: Command) -> None:
    assert broken("check") == (1, TOLD)


def test_what_is_announced_for_the_next_version_may_break_clients(broken: Command) -> None:
    CHANGELOG.write_text(f"## [Unreleased]\n\n{BREAKING}\n## [0.1.0]\n", encoding="utf-8")
    assert broken("check") == (0, "")

    CHANGELOG.write_text(f"## [0.1.0]\n\n{BREAKING}", encoding="utf-8")
    assert broken("check") == (1, TOLD)


def test_what_is_new_breaks_nobody(command: Command) -> None:
    _release(r'  """[^"]+"""\n  namePrefix: String\n', "")

    assert command("check") == (0, "")


def test_a_drift_and_a_break_are_told_at_once(broken: Command) -> None:
    FILE.unlink()

    status, told = broken("check")

    assert status == 1
    assert told == f"{FILE} is not what the code says: run `make schema` and commit it.\n{TOLD}"


def test_a_release_is_what_the_code_says_from_then_on(broken: Command) -> None:
    current = FILE.read_text(encoding="utf-8")
    _write_version("0.2.0", f"## [Unreleased]\n\n## [0.2.0]\n\n{BREAKING}\n## [0.1.0]\n")

    assert broken("release", "0.2.0") == (0, "")

    assert RELEASED.read_text(encoding="utf-8") == f"# 0.2.0\n{current}"
    assert broken("check") == (0, "")


@pytest.mark.parametrize(
    "changelog",
    [
        "## [0.2.0]\n\n## [0.1.0]\n",
        f"## [Unreleased]\n\n{BREAKING}\n## [0.2.0]\n\n## [0.1.0]\n",
        f"## [0.2.0]\n\n## [0.1.0]\n\n{BREAKING}",
    ],
    ids=["nowhere", "for a later version", "for an older version"],
)
def test_a_release_has_to_announce_what_it_breaks(broken: Command, changelog: str) -> None:
    before = RELEASED.read_bytes()
    _write_version("0.2.0", changelog)

    assert broken("release", "0.2.0") == (1, TOLD.replace("[Unreleased]", "[0.2.0]"))

    assert RELEASED.read_bytes() == before


def test_a_release_is_newer_than_the_one_before(broken: Command) -> None:
    before = RELEASED.read_bytes()

    for version, told in {
        "0.0.9": f"{RELEASED} is of 0.1.0 already, and 0.0.9 is not newer.",
        "0.1.0": f"{RELEASED} is of 0.1.0 already, and 0.1.0 is not newer.",
        "next": "“next” is not a version: write it like 0.1.0.",
    }.items():
        assert broken("release", version) == (1, f"stockbatch: {told}\n")

    assert RELEASED.read_bytes() == before


@pytest.mark.parametrize(
    ("project", "changelog", "others"),
    [
        ("0.1.0", "0.1.0", "CHANGELOG.md is of 0.1.0 and pyproject.toml is of 0.1.0"),
        ("0.2.0", "0.1.0", "CHANGELOG.md is of 0.1.0"),
        ("0.1.0", "0.2.0", "pyproject.toml is of 0.1.0"),
        ("0.3.0", "0.3.0", "CHANGELOG.md is of 0.3.0 and pyproject.toml is of 0.3.0"),
        ("0.2.0", "Unreleased", "CHANGELOG.md is of no version"),
    ],
)
def test_a_release_is_the_version_that_the_project_and_the_changelog_name(
    command: Command, project: str, changelog: str, others: str
) -> None:
    before = RELEASED.read_bytes()
    _write_version(project, f"## [{changelog}]\n")

    assert command("release", "0.2.0") == (
        1,
        f"stockbatch: 0.2.0 belongs into CHANGELOG.md and pyproject.toml first: {others}.\n",
    )

    assert RELEASED.read_bytes() == before


@pytest.mark.parametrize(
    ("project", "changelog", "others"),
    [
        ("0.2.0", "0.2.0", "CHANGELOG.md is of 0.2.0 and pyproject.toml is of 0.2.0"),
        ("0.1.0", "0.2.0", "CHANGELOG.md is of 0.2.0"),
        ("0.2.0", "0.1.0", "pyproject.toml is of 0.2.0"),
        ("0.1.0", "0.0.9", "CHANGELOG.md is of 0.0.9"),
    ],
)
def test_a_version_whose_schema_was_not_recorded_is_told(
    command: Command, project: str, changelog: str, others: str
) -> None:
    _write_version(project, f"## [Unreleased]\n\n## [{changelog}]\n")

    told = (
        f"{RELEASED} is of 0.1.0, but {others}.\n"
        "A new version belongs into CHANGELOG.md and pyproject.toml; then\n"
        "`python -m tools.schema release VERSION` records its schema.\n"
    )
    assert command("check") == (1, told)


def test_a_file_that_is_missing_or_none_is_told(command: Command) -> None:
    CHANGELOG.unlink()
    told = "There is no CHANGELOG.md here. It is where clients are told what breaks them."
    assert command("check") == (1, f"stockbatch: {told}\n")

    CHANGELOG.write_text("## [0.1.0]\n", encoding="utf-8")
    PROJECT.unlink()
    told = "There is no pyproject.toml here. It says which version this is."
    assert command("check") == (1, f"stockbatch: {told}\n")

    _write_version("0.1.0", "## [0.1.0]\n")
    RELEASED.write_text("type Query { a: Int }\n", encoding="utf-8")
    assert command("check") == (
        1,
        f"stockbatch: The first line of {RELEASED} is not a version, like `# 0.1.0`.\n",
    )

    RELEASED.write_text("# 0.1.0\ntype Query { a: Strin }\n", encoding="utf-8")
    assert command("check") == (
        1,
        f"stockbatch: {RELEASED} is no schema: Unknown type 'Strin'. Did you mean 'String'?\n",
    )

    RELEASED.unlink()
    told = f"There is no {RELEASED} here. Take it from Git: it is the schema of the last version."
    assert command("check") == (1, f"stockbatch: {told}\n")
