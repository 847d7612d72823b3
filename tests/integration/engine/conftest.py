"""Open a shop whose requests share transactions as a test says."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.grouping import open_grouping_shop
from tests.support.shop import Shop


@pytest.fixture
async def grouping_shop(mongod: EmbeddedMongod, driver_name: DriverName) -> AsyncIterator[Shop]:
    """Open a shop in which a group waits until the one before it has ended."""
    before = asyncio.all_tasks()
    async with open_grouping_shop(mongod, driver_name) as opened:
        yield opened
        assert await opened.open_transactions() == 0
        assert opened.engine._groups._lines == {}
        assert opened.engine._admission.turns._last == {}
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()
