"""API keys in a file, of which the server knows the hashes alone.

A key is 256 random bits, so its SHA-256 cannot be turned back, and needs no salt and no slow hash.
Each line of the file is a JSON object: {"name", "role", "hash", "expires"?}. Empty lines, and lines
that begin with #, say nothing.
"""

import hashlib
import json
import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from server.domain.caller import Caller, Role
from server.domain.errors import StartupError

PREFIX: Final = "sb_"  # so that a key is recognised where it does not belong
_HASH: Final = re.compile(r"sha256:[0-9a-f]{64}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")
_RESERVED: Final = "anonymous"
_LOOK_SECONDS: Final = 1.0  # between two looks at whether the file has changed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An entry of the file. `expires` is None if the key has no end."""

    name: str
    role: Role
    hash: str
    expires: datetime | None = None

    def line(self) -> str:
        """Return the entry as it stands in the file."""
        fields = {"name": self.name, "role": self.role.value, "hash": self.hash}
        if self.expires is not None:
            fields["expires"] = self.expires.isoformat()
        return json.dumps(fields)

    @property
    def caller(self) -> Caller:
        """Return the caller that the key stands for."""
        expires_at = self.expires.timestamp() if self.expires else None
        return Caller(name=self.name, role=self.role, expires_at=expires_at)


def new_key() -> str:
    """Return a new key, which nobody can guess."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_of(key: str) -> str:
    """Return the hash under which the file has a key."""
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()


def name_fault(name: str) -> str | None:
    """Return what is wrong with the name of a key; None if nothing is."""
    if not _NAME.fullmatch(name):
        return (
            "a name has 1 to 100 letters, digits and the characters . _ @ -, and begins with a "
            "letter or a digit"
        )
    return "the name anonymous means a caller whom nobody knows" if name == _RESERVED else None


def read_keys(path: Path) -> list[ApiKey]:
    """Return the keys in a file.

    Raises:
        StartupError: it cannot be read, or a line is wrong; the message says which, and why.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise StartupError(f"The file of API keys {path} cannot be read: {reason}.") from error
    keys: dict[str, ApiKey] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            key = _entry(line, keys)
        except ValueError as error:
            raise StartupError(
                f"Line {number} of the file of API keys {path} is wrong: {error}. Make entries "
                "with `python -m server keys add`."
            ) from error
        keys[key.name] = key
    return list(keys.values())


def _entry(line: str, others: Collection[str]) -> ApiKey:
    """Return the entry on a line; `others` are the names of those before it.

    Raises:
        ValueError: something is wrong with it.
    """
    try:
        fields: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: {error.msg}") from error
    if not isinstance(fields, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - all faults are one kind
    unknown = fields.keys() - {"name", "role", "hash", "expires"}
    if unknown:
        raise ValueError(f"there is no field {min(unknown)}")
    name, digest, role = (fields.get(one) for one in ("name", "hash", "role"))
    roles = [one.value for one in Role]
    if not isinstance(name, str) or (fault := name_fault(name)):
        raise ValueError(fault if isinstance(name, str) else "it has no name")
    if name in others:
        raise ValueError(f"the name {name} is there twice")
    if not isinstance(digest, str) or not _HASH.fullmatch(digest):
        raise ValueError("hash is not sha256: and 64 hexadecimal characters")
    if role not in roles:
        raise ValueError(f"role is none of {', '.join(roles)}")
    return ApiKey(name=name, role=Role(role), hash=digest, expires=_time(fields.get("expires")))


def _time(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError("expires is no time such as 2027-01-31T12:00:00+00:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def add_key(path: Path, name: str, role: Role, expires: datetime | None = None) -> str:
    """Add a key to the file, which is made if there is none, and return the key.

    Raises:
        StartupError: the name is wrong or taken, or the file cannot be read or written.
    """
    if fault := name_fault(name):
        raise StartupError(f"A key cannot have the name {name!r}: {fault}.")
    if path.exists() and any(key.name == name for key in read_keys(path)):
        raise StartupError(f"There is a key {name} in {path}: remove its line first.")
    key = new_key()
    entry = ApiKey(name=name, role=role, hash=hash_of(key), expires=expires)
    try:
        before = path.read_bytes() if path.exists() else b""
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write("\n" if before and not before.endswith(b"\n") else "")
            file.write(entry.line() + "\n")
    except OSError as error:
        raise StartupError(f"Cannot write {path}: {error.strerror}.") from error
    return key


class ApiKeys:
    """The keys of a file, which is read again when it changes."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the file.

        Raises:
            StartupError: it cannot be read, or a line is wrong.
        """
        self._path = path
        self._clock = clock
        self._looked = clock()
        self._version = self._current_version()
        self._by_hash = _by_hash(read_keys(path))

    def caller_of(self, key: str) -> Caller | None:
        """Return the caller that a key stands for; None if there is no such key."""
        self._read_again()
        found = self._by_hash.get(hash_of(key))
        return found.caller if found else None

    def _read_again(self) -> None:
        """Read the file if it has changed. One that is wrong changes nothing, and is logged."""
        now = self._clock()
        if now < self._looked + _LOOK_SECONDS:
            return
        self._looked = now
        version = self._current_version()
        if version == self._version:
            return
        self._version = version
        try:
            self._by_hash = _by_hash(read_keys(self._path))
        except StartupError as error:
            log.error("%s The keys stay as they were.", error)  # noqa: TRY400 - it says where
        else:
            log.info("The API keys were read again", extra={"keys": len(self._by_hash)})

    def _current_version(self) -> object:
        try:
            found = self._path.stat()
        except OSError as error:
            return error.errno
        return found.st_mtime_ns, found.st_size, found.st_ino


def _by_hash(keys: list[ApiKey]) -> Mapping[str, ApiKey]:
    return {key.hash: key for key in keys}
