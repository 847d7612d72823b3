"""Give every test a shop of its own: an empty database, the engine on it, a log of commands."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from zlib import crc32

import pytest

from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.shop import Shop, open_shop

DRIVERS: tuple[DriverName, ...] = ("motor", "pymongo")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on both drivers, unless it is marked `either_driver`."""
    is_marked = metafunc.definition.get_closest_marker("either_driver") is not None
    if "driver_name" in metafunc.fixturenames and not is_marked:
        metafunc.parametrize("driver_name", DRIVERS)


@pytest.fixture
def driver_name(request: pytest.FixtureRequest) -> DriverName:
    """Choose the driver of a marked test by the test's name."""
    return DRIVERS[crc32(request.node.name.encode()) % 2]


@pytest.fixture
async def shop(mongod: EmbeddedMongod, driver_name: DriverName) -> AsyncIterator[Shop]:
    """Open a shop, and check afterwards that no task and no open transaction is left."""
    before = asyncio.all_tasks()
    async with open_shop(mongod.uri, driver_name) as opened:
        yield opened
        assert await opened.open_transactions() == 0
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()


@pytest.fixture
async def other(shop: Shop, mongod: EmbeddedMongod, driver_name: DriverName) -> AsyncIterator[Shop]:
    """Open a second shop on the same database, as another process would."""
    async with open_shop(mongod.uri, driver_name, database=shop.database) as opened:
        yield opened


@pytest.fixture
async def two(mongod: EmbeddedMongod, driver_name: DriverName) -> AsyncIterator[tuple[Shop, Shop]]:
    """Open two shops on one database, as two processes would be."""
    async with (
        open_shop(mongod.uri, driver_name) as one,
        open_shop(mongod.uri, driver_name, database=one.database) as other,
    ):
        yield one, other


@pytest.fixture
async def hasty(mongod: EmbeddedMongod, driver_name: DriverName) -> AsyncIterator[Shop]:
    """Open a shop that soon gives up on a database which fails."""
    async with open_shop(
        mongod.uri, driver_name, deadline_seconds=0.2, settle_seconds=2.0
    ) as opened:
        yield opened


@pytest.fixture
def garbage_collected() -> Iterator[None]:
    """Find what a test left unclosed in that test, and not in the one after it."""
    yield
    gc.collect()
