"""`stockbatch keys`: make API keys, and list those that there are."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from typing_extensions import override

from server.domain.caller import Role
from server.domain.errors import StartupError
from server.settings import read_settings
from server.web.identity.api_keys import add_key, read_keys

Command = Callable[..., int]


class Moment(click.ParamType[datetime]):
    """A moment in the future, in ISO 8601; it is in UTC if it has no offset."""

    name = "TIME"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time such as 2027-01-31", param, ctx)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        if found <= datetime.now(UTC):
            self.fail(f"{value!r} is in the past", param, ctx)
        return found.astimezone(UTC)


def _file_option(command: Command) -> Command:
    return click.option(
        "--file", type=click.Path(path_type=Path), help="The file of keys. [default: API_KEYS_FILE]"
    )(command)


@click.group(help="Make API keys, and list those in the file.")
def keys() -> None:
    """Do nothing: the actions do."""


@keys.command(help="Make a key for NAME, write its hash into the file, and print the key.")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--expires", type=Moment(), help="Its end, such as 2027-01-31. [default: none]")
@_file_option
def add(name: str, role: str, expires: datetime | None, file: Path | None) -> int:
    """Add a key and return 0.

    Raises:
        StartupError: the name is wrong or taken, or the file cannot be read or written.
    """
    path = _key_file(file)
    key = add_key(path, name, Role(role), expires)
    until = f" until {expires:%Y-%m-%d %H:%M} UTC" if expires else ""
    click.echo(f"{name} may call as {role}{until}. {path} has the hash; nothing has the key:")
    click.echo(key)
    return 0


@keys.command("list", help="List the names, roles and ends of the keys in the file.")
@_file_option
def show(file: Path | None) -> int:
    """Print the keys without what opens, and return 0.

    Raises:
        StartupError: the file cannot be read.
    """
    for key in read_keys(_key_file(file)):
        until = key.expires.isoformat() if key.expires else ""
        click.echo(f"{key.name}\t{key.role.value}\t{until}")
    return 0


def _key_file(given: Path | None) -> Path:
    """Return the file to use.

    Raises:
        StartupError: none is named.
    """
    file = given or read_settings().api_keys_file
    if file is None:
        raise StartupError("No file of API keys is named: set API_KEYS_FILE, or say --file FILE.")
    return file
