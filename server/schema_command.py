"""`python -m server schema`: the SDL as a file, and as a promise to clients."""

import sys
from pathlib import Path

from graphql import GraphQLError

from schema import schema
from schema.changelog import is_newer, is_version, unannounced
from schema.changes import breaking_changes
from server.domain.errors import StartupError

SDL = Path("schema/schema.graphql")
RELEASED = Path("schema/released.graphql")  # the SDL of the last version, below a line `# 0.1.0`
CHANGELOG = Path("CHANGELOG.md")


def write() -> int:
    """Write what the code says.

    Raises:
        StartupError: this is not the repository's folder.
    """
    _require_folder()
    SDL.write_text(_printed(), encoding="utf-8")
    return 0


def check() -> int:
    """1 if the file is not what the code says, or if the code breaks a client without a word.

    Raises:
        StartupError: a file that this needs is missing, or is not what it should be.
    """
    _require_folder()
    status = 0
    for complaint_of in (_drift, _breaks):
        if complaint := complaint_of():
            print(complaint, file=sys.stderr)
            status = 1
    return status


def release(version: str) -> int:
    """Make what the code says the promise of `version`.

    Raises:
        StartupError: it is no version, or older than the one that was promised.
    """
    _require_folder()
    if not is_version(version):
        raise StartupError(f"“{version}” is not a version: write it like 0.1.0.")
    if RELEASED.is_file() and is_newer(before := _promised()[0], version):
        raise StartupError(f"{RELEASED} is of {before} already, which is newer than {version}.")
    RELEASED.write_text(f"# {version}\n{_printed()}", encoding="utf-8")
    return 0


def _printed() -> str:
    return schema.as_str() + "\n"


def _require_folder() -> None:
    if not SDL.parent.is_dir():
        raise StartupError(f"There is no folder {SDL.parent} here: run this in the repository's.")


def _drift() -> str | None:
    if SDL.is_file() and SDL.read_text(encoding="utf-8") == _printed():
        return None
    return f"{SDL} is not what the code says: run `make schema` and commit it."


def _breaks() -> str | None:
    version, sdl = _promised()
    changelog = _text(CHANGELOG, "It is where clients are told what breaks them.")
    try:
        changes = breaking_changes(sdl, _printed())
    except (GraphQLError, TypeError) as error:  # it does not parse, or names what there is not
        raise StartupError(f"{RELEASED} is no schema: {error}") from error
    changes = unannounced(changes, changelog, released=version)
    if not changes:
        return None
    lines = "\n".join(f"- {change}" for change in changes)
    return (
        f"The schema breaks clients of {version}, and {CHANGELOG} does not say so. Mend it, or\n"
        "write this under `## [Unreleased]`, each line with what users are to do instead:\n\n"
        f"### Breaking\n\n{lines}"
    )


def _promised() -> tuple[str, str]:
    """The last version and its SDL."""
    text = _text(RELEASED, "Take it from Git: it is the schema of the last version.")
    comment, _, sdl = text.partition("\n")
    version = comment.removeprefix("# ")
    if not is_version(version):
        raise StartupError(f"The first line of {RELEASED} is not a version, like `# 0.1.0`.")
    return version, sdl


def _text(file: Path, hint: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise StartupError(f"There is no {file} here. {hint}") from error
