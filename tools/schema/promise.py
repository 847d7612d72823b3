"""Keep the schema's files, and the promise that they are to clients.

`schema/schema.graphql` is the SDL as the code prints it, and `schema/released.graphql` the SDL of
the last version.
"""

import sys
import tomllib
from pathlib import Path

from graphql import GraphQLError

from schema import schema
from tools.schema.changelog import UNRELEASED, is_newer, is_version, newest_version, unannounced
from tools.schema.changes import breaking_changes

SDL = Path("schema/schema.graphql")
RELEASED = Path("schema/released.graphql")  # the SDL of the last version, below a line `# 0.1.0`
CHANGELOG = Path("CHANGELOG.md")
PROJECT = Path("pyproject.toml")


class UnusableInput(Exception):
    """An argument, file or folder is missing, or is not what the command needs."""


def write() -> int:
    """Write the SDL to its file, and return 0.

    Raises:
        UnusableInput: this is not the repository's folder.
    """
    _require_folder()
    SDL.write_text(_printed(), encoding="utf-8")
    return 0


def check() -> int:
    """Print what is wrong with the schema's files, and return 0 if nothing is.

    The SDL's file has to be current, every breaking change has to be announced in the changelog,
    and the released schema has to be that of the current version.

    Raises:
        UnusableInput: a file that this needs is missing, or is not what it should be.
    """
    _require_folder()
    version, sdl = _promised()
    complaints = (_drift(), _breaks(version, sdl), _not_recorded(version))
    for complaint in filter(None, complaints):
        print(complaint, file=sys.stderr)
    return int(any(complaints))


def release(version: str) -> int:
    """Record the SDL as that of `version`, and return 0.

    Return 1, and record nothing, if the changelog does not announce every breaking change.

    Raises:
        UnusableInput: the version is not the current one, or not newer than the one recorded
            before; or as for `check`.
    """
    _require_folder()
    if not is_version(version):
        raise UnusableInput(f"“{version}” is not a version: write it like 0.1.0.")
    before, sdl = _promised()
    if not is_newer(version, before):
        raise UnusableInput(f"{RELEASED} is of {before} already, and {version} is not newer.")
    if elsewhere := _other_versions(version):
        raise UnusableInput(f"{version} belongs into {CHANGELOG} and {PROJECT} first: {elsewhere}.")
    if complaint := _breaks(before, sdl, heading=version):
        print(complaint, file=sys.stderr)
        return 1
    RELEASED.write_text(f"# {version}\n{_printed()}", encoding="utf-8")
    return 0


def _printed() -> str:
    return schema.as_str() + "\n"


def _require_folder() -> None:
    if not SDL.parent.is_dir():
        raise UnusableInput(f"There is no folder {SDL.parent} here: run this in the repository's.")


def _drift() -> str | None:
    if SDL.is_file() and SDL.read_text(encoding="utf-8") == _printed():
        return None
    return f"{SDL} is not what the code says: run `make schema` and commit it."


def _breaks(version: str, sdl: str, heading: str = UNRELEASED) -> str | None:
    """Return a complaint about the breaking changes since `version` that are not announced."""
    changelog = _changelog()
    try:
        changes = breaking_changes(sdl, _printed())
    except (GraphQLError, TypeError) as error:  # it does not parse, or names an unknown type
        raise UnusableInput(f"{RELEASED} is no schema: {error}") from error
    changes = unannounced(changes, changelog, released=version, drafts=heading == UNRELEASED)
    if not changes:
        return None
    lines = "\n".join(f"- {change}" for change in changes)
    return (
        f"The schema breaks clients of {version}, and {CHANGELOG} does not say so. Mend it, or\n"
        f"write this under `## [{heading}]`, each line with what users are to do instead:\n\n"
        f"### Breaking\n\n{lines}"
    )


def _not_recorded(version: str) -> str | None:
    elsewhere = _other_versions(version)
    if not elsewhere:
        return None
    return (
        f"{RELEASED} is of {version}, but {elsewhere}.\n"
        f"A new version belongs into {CHANGELOG} and {PROJECT}; then\n"
        "`python -m tools.schema release VERSION` records its schema."
    )


def _other_versions(version: str) -> str:
    """Say which files have another newest version; "" if none has."""
    project = tomllib.loads(_text(PROJECT, "It says which version this is."))["project"]
    newest = {CHANGELOG: newest_version(_changelog()), PROJECT: project["version"]}
    others = {file: one or "no version" for file, one in newest.items() if one != version}
    return " and ".join(f"{file} is of {one}" for file, one in others.items())


def _changelog() -> str:
    return _text(CHANGELOG, "It is where clients are told what breaks them.")


def _promised() -> tuple[str, str]:
    """Return the last version and its SDL."""
    text = _text(RELEASED, "Take it from Git: it is the schema of the last version.")
    comment, _, sdl = text.partition("\n")
    version = comment.removeprefix("# ")
    if not is_version(version):
        raise UnusableInput(f"The first line of {RELEASED} is not a version, like `# 0.1.0`.")
    return version, sdl


def _text(file: Path, hint: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UnusableInput(f"There is no {file} here. {hint}") from error
