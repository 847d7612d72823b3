"""`python -m server schema --check` and `--release`: the schema is a promise to clients."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from server import schema_command
from server.cli import main

FILE, RELEASED, CHANGELOG = schema_command.SDL, schema_command.RELEASED, schema_command.CHANGELOG
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
    """In a folder with the schema, a release of the same, and a changelog: status and output."""
    monkeypatch.chdir(tmp_path)
    FILE.parent.mkdir()

    def run(*arguments: str) -> tuple[int, str]:
        status = main(["schema", *arguments])
        output = capsys.readouterr()
        return status, output.out + output.err

    assert run() == (0, "")
    assert run("--release", "0.1.0") == (0, "")
    CHANGELOG.write_text("## [0.1.0] - 2026-01-31\n", encoding="utf-8")
    return run


@pytest.fixture
def broken(command: Command) -> Command:
    """The same, where the release had one field more."""
    _release(r"\ntype Product {\n", r"\g<0>  weight: Int\n")
    return command


def _release(pattern: str, by: str) -> None:
    """Change what was released."""
    changed, count = re.subn(pattern, by, RELEASED.read_text(encoding="utf-8"))
    assert count == 1
    RELEASED.write_text(changed, encoding="utf-8")


def test_what_breaks_clients_is_told_with_the_line_that_announces_it(broken: Command) -> None:
    assert broken("--check") == (1, TOLD)


def test_what_is_announced_for_the_next_version_may_break_clients(broken: Command) -> None:
    announced = "## [Unreleased]\n\n### Breaking\n\n- Field Product.weight was removed.\n"

    CHANGELOG.write_text(f"{announced}\n## [0.1.0]\n", encoding="utf-8")
    assert broken("--check") == (0, "")

    old = announced.replace("[Unreleased]", "[0.1.0]")
    CHANGELOG.write_text(old, encoding="utf-8")
    assert broken("--check") == (1, TOLD)


def test_what_is_new_breaks_nobody(command: Command) -> None:
    _release(r'  """[^"]+"""\n  namePrefix: String\n', "")

    assert command("--check") == (0, "")


def test_a_drift_and_a_break_are_told_at_once(broken: Command) -> None:
    FILE.unlink()

    status, told = broken("--check")

    assert status == 1
    assert told == f"{FILE} is not what the code says: run `make schema` and commit it.\n{TOLD}"


def test_a_release_is_what_the_code_says_from_then_on(broken: Command) -> None:
    current = FILE.read_text(encoding="utf-8")

    assert broken("--release", "0.2.0") == (0, "")

    assert RELEASED.read_text(encoding="utf-8") == f"# 0.2.0\n{current}"
    assert broken("--check") == (0, "")


def test_a_release_is_never_older_than_the_one_before(command: Command) -> None:
    before = RELEASED.read_bytes()

    for version, told in {
        "0.0.9": f"{RELEASED} is of 0.1.0 already, which is newer than 0.0.9.",
        "next": "“next” is not a version: write it like 0.1.0.",
    }.items():
        assert command("--release", version) == (1, f"stockbatch: {told}\n")

    assert RELEASED.read_bytes() == before


def test_a_file_that_is_missing_or_none_is_told(command: Command) -> None:
    CHANGELOG.unlink()
    told = "There is no CHANGELOG.md here. It is where clients are told what breaks them."
    assert command("--check") == (1, f"stockbatch: {told}\n")

    CHANGELOG.touch()
    RELEASED.write_text("type Query { a: Int }\n", encoding="utf-8")
    assert command("--check") == (
        1,
        f"stockbatch: The first line of {RELEASED} is not a version, like `# 0.1.0`.\n",
    )

    RELEASED.write_text("# 0.1.0\ntype Query { a: Strin }\n", encoding="utf-8")
    assert command("--check") == (
        1,
        f"stockbatch: {RELEASED} is no schema: Unknown type 'Strin'. Did you mean 'String'?\n",
    )

    RELEASED.unlink()
    told = f"There is no {RELEASED} here. Take it from Git: it is the schema of the last version."
    assert command("--check") == (1, f"stockbatch: {told}\n")
