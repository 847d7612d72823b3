"""Read what a database counts, and what it leaves behind."""

from pathlib import Path
from typing import Any

from pymongo import MongoClient


def was_stopped_in_order(data_dir: Path) -> bool:
    """Return whether the database closed its files; if not, its lock file has its process id."""
    lock = data_dir / "db" / "mongod.lock"
    return not lock.exists() or lock.read_text() == ""


def conflicts(client: MongoClient[dict[str, Any]]) -> int:
    """Return how many transactions had to give way to another one."""
    return client.admin.command("serverStatus")["transactions"]["totalAborted"]
