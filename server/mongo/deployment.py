"""The database that the server was pointed at: whether it is there, and can do transactions."""

from pymongo.errors import ConfigurationError, InvalidURI, OperationFailure, PyMongoError

from server.domain.errors import StartupError
from server.mongo.driver import Driver

_AUTHENTICATION_CODES = {13, 18}


async def require_transactions(driver: Driver, shown_uri: str) -> None:
    """Refuse a server that is no replica set, with the way to mend it.

    Raises:
        StartupError: nothing answers at the address, it wants credentials, or it is a standalone.
    """
    try:
        hello = await driver.client.admin.command("hello")
        await driver.client.admin.command("listDatabases", nameOnly=True)
    except OperationFailure as error:
        if error.code not in _AUTHENTICATION_CODES:
            raise
        raise StartupError(
            f"MongoDB at {shown_uri} refuses the credentials: {error}. "
            "Put a user that may read and write the database into MONGODB_URI."
        ) from error
    except PyMongoError as error:
        raise StartupError(
            f"No MongoDB answers at {shown_uri}: {_first_line(error)}. "
            "Start it, mend MONGODB_URI, or unset MONGODB_URI to use the embedded database."
        ) from error
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise StartupError(
            f"MongoDB at {shown_uri} is a standalone server, and transactions need a replica set. "
            "Start mongod with --replSet rs0 and run rs.initiate() once in mongosh: one member is "
            "enough. Or unset MONGODB_URI to use the embedded database."
        )


async def is_writable(driver: Driver) -> bool:
    """Whether a primary answers just now."""
    try:
        hello = await driver.client.admin.command("hello")
    except PyMongoError:
        return False
    return bool(hello.get("isWritablePrimary"))


def shown(uri: str) -> str:
    """The address without the password, for messages and the log."""
    scheme, separator, rest = uri.partition("://")
    credentials, at, hosts = rest.rpartition("@")
    user = credentials.split(":", 1)[0]
    address = (hosts if at else rest).split("?", 1)[0]
    return f"{scheme}{separator}{user + '@' if at else ''}{address}"


def invalid_uri(error: Exception) -> bool:
    """Whether `error` is the driver's complaint about the address itself."""
    return isinstance(error, InvalidURI | ConfigurationError)


def _first_line(error: Exception) -> str:
    return str(error).split(", Timeout:", 1)[0].splitlines()[0]
