"""A shop of its own for every test: an empty database, the engine on it, and a log of commands."""

import asyncio
from collections.abc import AsyncIterator
from zlib import crc32

import pytest

from server.mongo.driver import DriverName
from server.mongo.embedded import EmbeddedMongod
from tests.support.shop import Shop, open_shop

DRIVERS: tuple[DriverName, ...] = ("motor", "pymongo")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test runs on both drivers, unless it is marked."""
    is_marked = metafunc.definition.get_closest_marker("either_driver") is not None
    if "driver_name" in metafunc.fixturenames and not is_marked:
        metafunc.parametrize("driver_name", DRIVERS)


@pytest.fixture
def driver_name(request: pytest.FixtureRequest) -> DriverName:
    """Of a marked test: the one that its name chooses."""
    return DRIVERS[crc32(request.node.name.encode()) % 2]


@pytest.fixture
async def shop(mongod: EmbeddedMongod, driver_name: DriverName) -> AsyncIterator[Shop]:
    """Afterwards nothing may be left: no task, no open transaction."""
    before = asyncio.all_tasks()
    async with open_shop(mongod.uri, driver_name) as opened:
        yield opened
        assert await opened.open_transactions() == 0
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()


@pytest.fixture
async def other(shop: Shop, mongod: EmbeddedMongod, driver_name: DriverName) -> AsyncIterator[Shop]:
    """Another process on the same database."""
    async with open_shop(mongod.uri, driver_name, database=shop.database) as opened:
        yield opened
