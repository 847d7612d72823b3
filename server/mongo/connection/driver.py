"""The one place that knows which asynchronous driver runs.

Motor is what was asked for; PyMongo's async API is its successor and has nearly the same calls.
Whatever differs between the two is a method of `Driver`, and nothing else in this project imports
Motor: the move to the successor is this file (docs/decisions/0002-motor-and-its-successor.md).
"""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from bson import ObjectId
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient
from pymongo.monitoring import CommandListener
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

DriverName = Literal["motor", "pymongo"]
Document = dict[str, Any]

# Neither driver lets one type stand for both, and Motor ships no types at all.
Session = Any
Collection = Any
Database = Any
Client = Any
ChangeStream = Any

SELECTION_TIMEOUT_MS = 5_000  # an election takes about 2 s; the transaction runner tries again
HEARTBEAT_MS = 1_000  # a server that was written off is looked at again after this, not after 10 s
SOCKET_TIMEOUT_MS = 15_000  # no command of ours runs so long; a stopped server would hold us
AWAIT_MS = 200  # how long a change stream waits for a change before it can be closed
COMMIT_WTIMEOUT_MS = 10_000  # the transactions specification's own value for a retried commit

MAJORITY = WriteConcern("majority", wtimeout=COMMIT_WTIMEOUT_MS)
SNAPSHOT = ReadConcern("snapshot")  # a query that yields sees no half of a commit either


class Driver(Protocol):
    """One client, and the calls that differ."""

    client: Client

    async def start_session(self) -> Session: ...
    async def start_transaction(self, session: Session) -> None: ...
    async def watch(self, database: str, pipeline: Sequence[Document]) -> ChangeStream: ...
    async def close(self) -> None: ...


def connect(name: DriverName, uri: str, *, listeners: Sequence[CommandListener] = ()) -> Driver:
    """A client for `uri`. It connects when first used; nothing is sent before that."""
    options: dict[str, Any] = {
        "serverSelectionTimeoutMS": SELECTION_TIMEOUT_MS,
        "connectTimeoutMS": SELECTION_TIMEOUT_MS,
        "heartbeatFrequencyMS": HEARTBEAT_MS,
        "socketTimeoutMS": SOCKET_TIMEOUT_MS,
        "tz_aware": True,
        "w": "majority",
        "readConcernLevel": "majority",
        "readPreference": "primary",  # as a transaction needs it, whatever the address says
        "appname": "stockbatch",
        "event_listeners": list(listeners),
    }
    return MotorDriver(uri, options) if name == "motor" else PyMongoDriver(uri, options)


class MotorDriver:
    """Motor: PyMongo's blocking client on a pool of threads."""

    def __init__(self, uri: str, options: dict[str, Any]) -> None:
        self.client: Client = AsyncIOMotorClient(uri, **options)

    async def start_session(self) -> Session:
        return await self.client.start_session()

    async def start_transaction(self, session: Session) -> None:
        session.start_transaction(read_concern=SNAPSHOT, write_concern=MAJORITY)

    async def watch(self, database: str, pipeline: Sequence[Document]) -> ChangeStream:
        changes = self.client[database].watch(list(pipeline), max_await_time_ms=AWAIT_MS)
        return await changes.__aenter__()  # only this opens it

    async def close(self) -> None:
        self.client.close()


class PyMongoDriver:
    """PyMongo's own asyncio client."""

    def __init__(self, uri: str, options: dict[str, Any]) -> None:
        self.client: Client = AsyncMongoClient(uri, **options)

    async def start_session(self) -> Session:
        return self.client.start_session()

    async def start_transaction(self, session: Session) -> None:
        await session.start_transaction(read_concern=SNAPSHOT, write_concern=MAJORITY)

    async def watch(self, database: str, pipeline: Sequence[Document]) -> ChangeStream:
        return await self.client[database].watch(list(pipeline), max_await_time_ms=AWAIT_MS)

    async def close(self) -> None:
        await self.client.close()


def new_id() -> str:
    """Return an id that no document has."""
    return str(ObjectId())


def until(seconds: float) -> Document:
    """Return the moment that many seconds from now, by the database's clock, for an update."""
    return {"$add": ["$$NOW", int(seconds * 1000)]}
