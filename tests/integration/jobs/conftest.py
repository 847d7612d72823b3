"""Provide the tests of jobs with a price receiver, and a progress feed that does not poll."""

from collections.abc import AsyncIterator

import pytest

from server.jobs import progress_feed
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.publishing import Publishing, open_publishing


@pytest.fixture
def told_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the feed from polling, so that a watcher sees only what the feed is told."""
    monkeypatch.setattr(progress_feed, "LOOK_AGAIN_SECONDS", 3_600)
    monkeypatch.setattr(progress_feed, "_PAUSE_SECONDS", 0.05)


@pytest.fixture
async def prices(mongod: EmbeddedMongod, driver_name: DriverName) -> AsyncIterator[Publishing]:
    """Open a shop that publishes prices, and the receiver that they go to."""
    async with open_publishing(mongod.uri, driver_name) as opened:
        yield opened
