"""Lend prepared databases: each is empty and as it was made, and serves one test at a time.

To make the collections with their indexes, and to drop them again, takes longer than most tests.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from pymongo import MongoClient

from server.kinds.registry import KINDS
from server.mongo.collections import ensure_collections
from server.mongo.connection.driver import Driver

Document = dict[str, Any]


class Databases:
    """The databases of one deployment; `admin` is a client that no fail point touches."""

    def __init__(self, admin: MongoClient[Document]) -> None:
        self.admin = admin
        self._catalogs: dict[str, list[Document]] = {}  # as each was made
        self._free: deque[str] = deque()

    async def lend(self, driver: Driver) -> str:
        """Return the name of an empty database; `driver` prepares a new one if none is free."""
        while self._free:
            name = self._free.popleft()
            if self._catalog(name) == self._catalogs[name]:
                self._empty(name)
                return name
            self.admin.drop_database(name)  # a test has changed its collections or indexes
        name = f"test_{uuid4().hex[:12]}"
        await ensure_collections(driver.client[name], list(KINDS))
        self._catalogs[name] = self._catalog(name)
        return name

    def take_back(self, name: str) -> None:
        """End whatever still runs in any of the databases, and lend this one again."""
        self.admin.admin.command("killAllSessions", [])
        self._free.append(name)

    def _catalog(self, name: str) -> list[Document]:
        """Return the collections with their options, indexes and ids; a new one has another id."""
        pipeline = [{"$listCatalog": {}}, {"$match": {"db": name}}, {"$sort": {"name": 1}}]
        return list(self.admin.admin.aggregate(pipeline))

    def _empty(self, name: str) -> None:
        for collection in self._with_documents(name):
            self.admin[name][collection].delete_many({})
        assert self._with_documents(name) == []

    def _with_documents(self, name: str) -> list[str]:
        first, *others = (one["name"] for one in self._catalogs[name])
        unions = [
            {"$unionWith": {"coll": other, "pipeline": _name_if_any(other)}} for other in others
        ]
        found = self.admin[name][first].aggregate([*_name_if_any(first), *unions])
        return [one["name"] for one in found]


def _name_if_any(collection: str) -> list[Document]:
    return [{"$limit": 1}, {"$project": {"_id": 0, "name": {"$literal": collection}}}]


_of_the_run: dict[str, Databases] = {}  # by the address of the deployment


@contextmanager
def kept_databases(uri: str) -> Iterator[None]:
    """Make `databases_of` return the same databases until the end of the block."""
    with _databases(uri) as databases:
        _of_the_run[uri] = databases
        try:
            yield
        finally:
            del _of_the_run[uri]


@contextmanager
def databases_of(uri: str) -> Iterator[Databases]:
    """Give the kept databases of that deployment, or else new ones for this block."""
    if uri in _of_the_run:
        yield _of_the_run[uri]
    else:
        with _databases(uri) as databases:
            yield databases


@contextmanager
def _databases(uri: str) -> Iterator[Databases]:
    with MongoClient[Document](uri, tz_aware=True) as admin:
        yield Databases(admin)
