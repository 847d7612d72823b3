"""Start servers that end with their test, and one for all tests that only read from it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest

from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.processes.depot import Depot
from tests.support.processes.server_process import ServerProcess
from tests.support.shop import open_shop


class Launch(Protocol):
    """Start a server as its operator does, without waiting for it."""

    def __call__(self, data_dir: Path | None = None, **settings: str | Path) -> ServerProcess: ...


class Serve(Protocol):
    """Start a server, and return it once it is ready."""

    def __call__(self, data_dir: Path | None = None, **settings: str | Path) -> ServerProcess: ...


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Return a data folder that does not exist yet."""
    return tmp_path / "data"


@pytest.fixture
def launch(tmp_path: Path, data_dir: Path) -> Iterator[Launch]:
    with ExitStack() as stack:
        yield _launcher(stack, tmp_path, data_dir)


@pytest.fixture
def forked() -> bool:
    """Return whether `serve` forks its servers; tests about a server's start override this."""
    return True


@pytest.fixture
def serve(tmp_path: Path, data_dir: Path, forked: bool) -> Iterator[Serve]:
    with ExitStack() as stack:
        launch = _launcher(stack, tmp_path, data_dir, forked=forked)

        def serve_(data_dir: Path | None = None, **settings: str | Path) -> ServerProcess:
            return launch(data_dir, **settings).wait_until_ready()

        yield serve_


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Run a server as it is after its first start; tests leave its products alone."""
    folder = tmp_path_factory.mktemp("running")
    with ExitStack() as stack:
        yield _launcher(stack, folder, folder / "data")().wait_until_ready()


@pytest.fixture
async def depot(mongod: EmbeddedMongod, tmp_path: Path) -> AsyncIterator[Depot]:
    """Open a depot on a database of its own; its processes end with the test."""
    async with open_shop(mongod.uri, "pymongo") as shop:
        with ExitStack() as stack:
            stack.callback(shop.fail, mode="off")
            yield Depot(shop, mongod.uri, tmp_path, stack)


def _launcher(stack: ExitStack, logs: Path, default: Path, *, forked: bool = False) -> Launch:
    numbers = count(1)

    def launch_(data_dir: Path | None = None, **settings: str | Path) -> ServerProcess:
        log = logs / f"server-{next(numbers)}{'-forked' * forked}.log"
        server = ServerProcess(data_dir or default, log, settings, forked=forked)
        stack.callback(server.close)
        return server

    return launch_
