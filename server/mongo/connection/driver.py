"""The asynchronous driver: Motor, or PyMongo's own async API.

Motor is what was asked for; PyMongo's async API is its successor and has nearly the same calls.
Where the two differ, a method of `Driver` hides it, and no other module imports Motor: moving to
the successor changes this file alone (docs/decisions/0002-motor-and-its-successor.md).
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from threading import Thread
from typing import Any, Literal, Protocol, cast

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession
from pymongo import AsyncMongoClient
from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.monitoring import CommandListener, ConnectionPoolListener
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from server.mongo.connection.document import Document

DriverName = Literal["motor", "pymongo"]

# PyMongo's types stand for Motor's objects too, which have the same methods: `MotorDriver` casts.
Client = AsyncMongoClient[Document]
Database = AsyncDatabase[Document]
Collection = AsyncCollection[Document]
Session = AsyncClientSession
ChangeStream = AsyncChangeStream[Document]

SELECTION_TIMEOUT_MS = 5_000  # an election takes about 2 s; the transaction runner tries again
HEARTBEAT_MS = 1_000  # an unreachable server is tried again after this; the default is 10 s
SOCKET_TIMEOUT_MS = 15_000  # longer than any command here; without it a frozen server blocks us
CLOSE_SECONDS = 2.0  # at the end of a process
AWAIT_MS = 200  # how long a change stream waits for a change before it can be closed
COMMIT_WTIMEOUT_MS = 10_000  # the transactions specification's own value for a retried commit

MAJORITY = WriteConcern("majority", wtimeout=COMMIT_WTIMEOUT_MS)
SNAPSHOT = ReadConcern("snapshot")  # even a query that yields sees a commit wholly or not at all


class Driver(Protocol):
    """A client, and the calls that differ between the two drivers."""

    client: Client

    def start_session(self) -> Session:
        """Open a session, without a round trip; `end_session` closes it."""
        ...

    async def end_session(self, session: Session) -> None:
        """Abort the session's transaction, if it has one, and close the session."""
        ...

    def start_snapshot(self) -> Session:
        """Open a session for reads alone, which all see the moment of the first."""
        ...

    async def start_transaction(self, session: Session) -> None:
        """Start a transaction that reads a snapshot, and commits to a majority."""
        ...

    def has_lost_connection(self, session: Session) -> bool:
        """Return whether a connection broke under a command of the session, ever."""
        ...

    async def watch(self, database: str, pipeline: Sequence[Document]) -> ChangeStream:
        """Open a change stream of the whole database."""
        ...

    async def close(self) -> None:
        """Close the client and all of its connections, or leave them after `CLOSE_SECONDS`.

        It ends its sessions on the server first, which may not answer.
        """
        ...


def connect(
    name: DriverName,
    uri: str,
    *,
    listeners: Sequence[CommandListener | ConnectionPoolListener] = (),
) -> Driver:
    """Return a client for `uri`. It connects when it is first used."""
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
        self._motor = AsyncIOMotorClient(uri, **options)
        self.client = cast(Client, self._motor)

    def start_session(self) -> Session:
        """Motor would do this on a thread, although it waits for nothing."""
        session = self._motor.delegate.start_session()
        return cast(Session, AsyncIOMotorClientSession(session, self._motor))

    async def end_session(self, session: Session) -> None:
        own = cast(AsyncIOMotorClientSession, session)
        if own.delegate.in_transaction:
            await own.end_session()
        else:
            own.delegate.end_session()  # it waits for nothing

    def start_snapshot(self) -> Session:
        session = self._motor.delegate.start_session(snapshot=True)
        return cast(Session, AsyncIOMotorClientSession(session, self._motor))

    async def start_transaction(self, session: Session) -> None:
        own = cast(AsyncIOMotorClientSession, session)
        own.start_transaction(read_concern=SNAPSHOT, write_concern=MAJORITY)

    def has_lost_connection(self, session: Session) -> bool:
        return _is_dirty(cast(AsyncIOMotorClientSession, session).delegate)

    async def watch(self, database: str, pipeline: Sequence[Document]) -> ChangeStream:
        changes = self._motor[database].watch(list(pipeline), max_await_time_ms=AWAIT_MS)
        return cast(ChangeStream, await changes.__aenter__())  # only this opens it

    async def close(self) -> None:
        closed, loop = asyncio.Event(), asyncio.get_running_loop()

        def close() -> None:
            self._motor.close()
            with suppress(RuntimeError):  # nobody has waited for so long
                loop.call_soon_threadsafe(closed.set)

        Thread(target=close, daemon=True).start()  # Motor's own call would hold the loop up
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await closed.wait()


class PyMongoDriver:
    """PyMongo's own asyncio client."""

    def __init__(self, uri: str, options: dict[str, Any]) -> None:
        self.client: Client = AsyncMongoClient(uri, **options)

    def start_session(self) -> Session:
        return self.client.start_session()

    async def end_session(self, session: Session) -> None:
        await session.end_session()

    def start_snapshot(self) -> Session:
        return self.client.start_session(snapshot=True)

    async def start_transaction(self, session: Session) -> None:
        await session.start_transaction(read_concern=SNAPSHOT, write_concern=MAJORITY)

    def has_lost_connection(self, session: Session) -> bool:
        return _is_dirty(session)

    async def watch(self, database: str, pipeline: Sequence[Document]) -> ChangeStream:
        return await self.client[database].watch(list(pipeline), max_await_time_ms=AWAIT_MS)

    async def close(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.client.close()


def _is_dirty(session: Any) -> bool:
    """Return the driver's own mark (drivers' specification of sessions, “Server Session Pool”)."""
    return bool(session._server_session.dirty)  # noqa: SLF001 - there is no public way to ask
