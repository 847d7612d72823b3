"""Give the tests of jobs a receiver of prices, and a feed that only tells what it was told."""

from collections.abc import AsyncIterator

import pytest

from server.jobs import progress_feed
from server.mongo.driver import DriverName
from server.mongo.embedded import EmbeddedMongod
from tests.support.batches.publishing import Publishing, open_publishing


@pytest.fixture
def told_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the feed from looking again by itself, so that what a watcher sees was told to it."""
    monkeypatch.setattr(progress_feed, "LOOK_AGAIN_SECONDS", 3_600)
    monkeypatch.setattr(progress_feed, "_PAUSE_SECONDS", 0.05)


@pytest.fixture
async def prices(mongod: EmbeddedMongod, driver_name: DriverName) -> AsyncIterator[Publishing]:
    """Open a shop that publishes prices, and the receiver that they go to."""
    async with open_publishing(mongod.uri, driver_name) as opened:
        yield opened
