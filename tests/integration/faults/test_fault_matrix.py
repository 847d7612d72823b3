"""Fail every command in every way: what the caller is told is what the database holds."""

from collections.abc import AsyncIterator

import pytest
from pymongo import common

from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.faults.matrix import (
    CELLS,
    COMMANDS,
    FAULTS,
    MODES,
    RETRY_SECONDS,
    Cell,
    verdict,
)
from tests.support.shop import Shop, open_shop


@pytest.fixture
async def shop(
    mongod: EmbeddedMongod, driver_name: DriverName, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Shop]:
    """Open a shop whose driver looks for a server that it has written off 10 times as often."""
    monkeypatch.setattr(common, "MIN_HEARTBEAT_INTERVAL", 0.05)
    async with open_shop(mongod.uri, driver_name, deadline_seconds=RETRY_SECONDS) as opened:
        yield opened
        assert await opened.open_transactions() == 0


@pytest.mark.either_driver
@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("command", COMMANDS)
async def test_the_caller_is_told_what_the_database_holds(
    shop: Shop, command: str, fault: str | int
) -> None:
    verdicts = [await verdict(shop, Cell(command, fault, mode)) for mode in MODES]

    assert {str(one.cell): one.fault for one in verdicts if one.fault} == {}


def test_the_matrix_is_whole() -> None:
    assert len(CELLS) == len(set(CELLS)) == 6 * 8 * 3
