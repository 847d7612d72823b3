"""The database of this machine's settings, for a command that needs it for a moment."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import click

from server.domain.errors import StartupError, StoreError
from server.mongo.connection.data_folder import is_in_use, running_uri
from server.mongo.connection.deployment import require_transactions, shown
from server.mongo.connection.driver import Driver, connect
from server.mongo.connection.embedded import EmbeddedMongod
from server.settings import Settings, read_settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Driver]:
    """Connect to MONGODB_URI; or to the embedded database, which is started if no server runs.

    Raises:
        StartupError: the database cannot be used; the message says why.
    """
    async with AsyncExitStack() as stack:
        uri = settings.mongodb_uri
        if uri is None and is_in_use(settings.data_dir):
            uri = running_uri(settings.data_dir)
        if uri is None:
            mongod = EmbeddedMongod(settings.data_dir)
            await mongod.start()
            stack.push_async_callback(mongod.stop)
            uri = mongod.uri
        driver = connect("pymongo", uri)
        stack.push_async_callback(driver.close)
        await require_transactions(driver, uri)
        yield driver


def name_of(settings: Settings) -> str:
    """Return the database and where it is, for a message."""
    place = shown(settings.mongodb_uri) if settings.mongodb_uri else f"DATA_DIR {settings.data_dir}"
    return f"{settings.mongodb_database} at {place}"


def run(command: Callable[[Settings, Driver], Awaitable[int]]) -> int:
    """Run a command on the database of this machine's settings, and return its exit status.

    Raises:
        StartupError: a setting is wrong, or the database cannot be used.
    """
    settings = read_settings()

    async def run_() -> int:
        async with opened(settings) as driver:
            try:
                return await command(settings, driver)
            except StoreError as error:
                raise StartupError(f"The database {name_of(settings)} fails: {error}.") from error

    return asyncio.run(run_())


def confirm(question: str, *, is_sure: bool) -> None:
    """Ask before something is lost, unless the caller is sure.

    Raises:
        Abort: the answer is no.
    """
    if not is_sure:
        click.confirm(question, abort=True, err=True)
