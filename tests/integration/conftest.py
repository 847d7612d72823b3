"""A shop of its own for every test: a random database, the engine on it, and a log of commands."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.mongo.driver import DriverName
from server.mongo.embedded import EmbeddedMongod
from tests.integration.shop import Shop, open_shop


@pytest.fixture(params=["motor", "pymongo"])
def driver_name(request: pytest.FixtureRequest) -> DriverName:
    return request.param


@pytest.fixture
async def shop(mongod: EmbeddedMongod, driver_name: DriverName) -> AsyncIterator[Shop]:
    """On each of the two drivers. Afterwards nothing may be left: no task, no open transaction."""
    before = asyncio.all_tasks()
    async with open_shop(mongod.uri, driver_name) as opened:
        yield opened
        assert await opened.open_transactions() == 0
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()
