"""What all measurements share."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from bench.server import Server
from bench.turns import Turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The database with its standing products, whose stocks are `opening`, and the servers on it.

    `folder` is for the logs of more servers.
    """

    uri: str
    client: MongoClient[dict[str, Any]]
    servers: Sequence[Server]
    opening: dict[str, int]
    sizes: Sequence[int]
    repeats: int | None  # None: as many as there is time for
    folder: Path

    @property
    def drivers(self) -> list[str]:
        return [server.driver for server in self.servers]

    def turns(self, turns: Turns) -> Turns:
        """These, unless a number of repeats was asked for."""
        if self.repeats is None:
            return turns
        return Turns(fewest=self.repeats, most=self.repeats, seconds=0.0)
