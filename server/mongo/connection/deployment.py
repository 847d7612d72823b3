"""The MongoDB at MONGODB_URI: whether it answers, and can do transactions."""

from urllib.parse import quote_plus

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.uri_parser import parse_uri

from server.domain.errors import StartupError
from server.mongo.connection.document import Document
from server.mongo.connection.driver import Driver

_AUTHENTICATION_CODES = {13, 18}


async def require_transactions(driver: Driver, uri: str) -> None:
    """Raise an error, with its remedy, if the server cannot be used.

    Raises:
        StartupError: nothing answers at the address, the credentials are refused, or it is no
            replica set.
    """
    try:
        hello = await driver.client.admin.command("hello")
        await driver.client.admin.command("listDatabases", nameOnly=True)
    except OperationFailure as error:
        if error.code not in _AUTHENTICATION_CODES:
            raise
        raise StartupError(
            f"MongoDB at {shown(uri)} refuses the credentials: {error}. "
            "Put a user that may read and write the database into MONGODB_URI."
        ) from error
    except PyMongoError as error:
        raise StartupError(await _why_nothing_answers(uri, error)) from error
    if hello.get("msg") == "isdbgrid":
        raise StartupError(
            f"MongoDB at {shown(uri)} is the router of a sharded cluster, and there stockbatch "
            "cannot find out whether a lost commit took effect. Use a replica set."
        )
    if "setName" not in hello:
        raise StartupError(_no_replica_set(uri))


async def _why_nothing_answers(uri: str, error: PyMongoError) -> str:
    """Return a sentence for the operator: the driver reports only that no server suits it."""
    hello = await _hello_of_first_member(uri)
    if hello is None:
        return (
            f"No MongoDB answers at {shown(uri)}: {_first_line(error)}. "
            "Start it, mend MONGODB_URI, or unset MONGODB_URI to use the embedded database."
        )
    if hello.get("isreplicaset"):
        return (
            f"MongoDB at {shown(uri)} was started with --replSet, but the set was never initiated. "
            "Run rs.initiate() once in mongosh."
        )
    if "setName" not in hello:
        return _no_replica_set(uri)
    return (
        f"MongoDB at {shown(uri)} belongs to the replica set {hello['setName']}, but no primary "
        f"answers: {_first_line(error)}. Mend replicaSet= in MONGODB_URI, or look at rs.status()."
    )


def _no_replica_set(uri: str) -> str:
    return (
        f"MongoDB at {shown(uri)} is a standalone server, and transactions need a replica set. "
        "Start mongod with --replSet rs0 and run rs.initiate() once in mongosh: one member is "
        "enough. Or unset MONGODB_URI to use the embedded database."
    )


async def _hello_of_first_member(uri: str) -> Document | None:
    """Ask the first server of the address, whatever it is; None if it does not answer."""
    try:
        host, port = parse_uri(uri)["nodelist"][0]
        address = f"mongodb://{quote_plus(host)}" if host.startswith("/") else host
        async with AsyncMongoClient[Document](
            address, port, directConnection=True, serverSelectionTimeoutMS=1000
        ) as client:
            return await client.admin.command("hello")
    except PyMongoError:
        return None


async def is_writable(driver: Driver) -> bool:
    """Return whether a primary answers at this moment."""
    try:
        hello = await driver.client.admin.command("hello")
    except PyMongoError:
        return False
    return bool(hello.get("isWritablePrimary"))


def shown(uri: str) -> str:
    """Return the address without its password and options, for messages and the log."""
    scheme, separator, rest = uri.partition("://")
    credentials, at, hosts = rest.rpartition("@")
    user = credentials.split(":", 1)[0]
    address = (hosts if at else rest).split("?", 1)[0]
    return f"{scheme}{separator}{user + '@' if at else ''}{address}"


def _first_line(error: Exception) -> str:
    return str(error).split(", Timeout:", 1)[0].splitlines()[0]
