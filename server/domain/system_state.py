"""What an administrator sees of a running system: its server, its database and its workers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerState:
    """A worker by its last sign of life, at `seen_at` of the database's clock.

    `is_alive`: it was seen lately, and has not left. `left_at` is when it ended on purpose.
    """

    name: str
    seen_at: datetime
    left_at: datetime | None
    is_alive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseState:
    """The database as the server sees it; `ping_ms` is how long it took to answer, in milliseconds.

    `members` are the addresses of the replica set, and `primary` is that of its primary.
    """

    name: str
    version: str
    replica_set: str
    primary: str | None
    members: Sequence[str]
    ping_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingState:
    """A setting in force. `value` is None if it is not set, and never a secret."""

    name: str
    value: str | None
    meaning: str
    is_default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """An installed package that the server stands on."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What does not change while a server runs. `process` is its host and its process id.

    `settings` reads the meanings of the settings, which would make every start slower.
    """

    version: str
    python: str
    libraries: Sequence[Library]
    process: str
    started_at: datetime
    has_embedded_database: bool
    settings: Callable[[], Sequence[SettingState]] = tuple
