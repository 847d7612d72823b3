"""`python -m server keys`: make API keys, and list those that there are."""

from datetime import UTC, datetime
from pathlib import Path

from server.domain.caller import Role
from server.domain.errors import StartupError
from server.web.identity.api_keys import add_key, read_keys


def add(file: Path, name: str, role: Role, expires: datetime | None) -> int:
    """Write the hash of a new key into the file, print the key, and return 0.

    Raises:
        StartupError: the name is wrong or taken, or the file cannot be read or written.
    """
    key = add_key(file, name, role, expires)
    until = f" until {expires:%Y-%m-%d %H:%M} UTC" if expires else ""
    print(f"{name} may call as {role.value}{until}. {file} has the hash; nothing has the key:")
    print(key)
    return 0


def show(file: Path) -> int:
    """Print the name, role and end of each key in the file, and return 0.

    Raises:
        StartupError: the file cannot be read.
    """
    for key in read_keys(file):
        print(key.name, key.role.value, key.expires.isoformat() if key.expires else "", sep="\t")
    return 0


def key_file(given: Path | None, from_settings: Path | None) -> Path:
    """Return the file to use.

    Raises:
        StartupError: none is named.
    """
    file = given or from_settings
    if file is None:
        raise StartupError("No file of API keys is named: set API_KEYS_FILE, or say --file FILE.")
    return file


def moment(text: str) -> datetime:
    """Return the moment that `text` names in ISO 8601, in UTC if it has no offset.

    Raises:
        ValueError: it names none, or one in the past.
    """
    found = datetime.fromisoformat(text)
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if found <= datetime.now(UTC):
        raise ValueError("it is in the past")
    return found.astimezone(UTC)
