"""Start the real mongod that all tests share, and that can be made to fail on cue."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from server.domain.errors import StartupError
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.databases import kept_databases

settings.register_profile("default", deadline=None, max_examples=100)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedMongod]:
    """Run one replica set of one member for the whole session, with fail points."""
    data_dir: Path = tmp_path_factory.mktemp("mongod")
    # The files of a database that was dropped stay open for as long as a snapshot may need them, by
    # default 5 minutes: three tests a second, with 30 files each, and no process may open so many.
    parameters = {
        "enableTestCommands": 1,
        "minSnapshotHistoryWindowInSeconds": 5,
        "syncdelay": 20,  # seconds between checkpoints, the other thing that they wait for
    }
    embedded = EmbeddedMongod(data_dir, parameters)
    with asyncio.Runner() as runner:
        try:
            runner.run(embedded.start())
        except StartupError as error:
            pytest.fail(f"The tests need a real MongoDB: {error}", pytrace=False)
        with kept_databases(embedded.uri):
            yield embedded
        runner.run(embedded.stop())
