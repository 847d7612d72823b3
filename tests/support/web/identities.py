"""Callers with keys of every kind, and a server that tells them apart."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from server.domain.caller import Role
from server.web.identity.api_keys import ApiKey, ApiKeys, add_key, hash_of, new_key
from server.web.identity.authentication import Authentication

NOBODY, EXPIRED, VIEWER = "nobody", "an expired key", "viewer"
OPERATOR, ANOTHER, ADMIN = "operator", "another operator", "admin"
KNOWN = (VIEWER, OPERATOR, ANOTHER, ADMIN)
EVERYBODY = (NOBODY, EXPIRED, *KNOWN)
_ROLES = {
    VIEWER: Role.VIEWER,
    OPERATOR: Role.OPERATOR,
    ANOTHER: Role.OPERATOR,
    ADMIN: Role.ADMIN,
}


@dataclass(frozen=True, slots=True)
class Identities:
    """The keys of callers, in a file."""

    file: Path
    keys: dict[str, str]
    authentication: Authentication

    def headers(self, who: str) -> dict[str, str]:
        """Return the header that says who calls; none for nobody."""
        return {} if who == NOBODY else {"authorization": f"Bearer {self.keys[who]}"}


def make_identities(folder: Path) -> Identities:
    """Make a file with a key for everybody, one of which has expired."""
    file = folder / "keys.jsonl"
    keys = {who: add_key(file, who.replace(" ", "-"), role) for who, role in _ROLES.items()}
    keys[EXPIRED] = new_key()
    past = ApiKey(
        name="past",
        role=Role.ADMIN,
        hash=hash_of(keys[EXPIRED]),
        expires=datetime.now(UTC) - timedelta(seconds=1),
    )
    with file.open("a") as opened:
        opened.write(past.line() + "\n")
    return Identities(file, keys, Authentication(ApiKeys(file)))
