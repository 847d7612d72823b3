"""Start the temporary `mongod` that every side works on; nothing else here imports the server."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from server.mongo.connection.embedded import EmbeddedMongod


@contextmanager
def running_mongod(folder: Path) -> Iterator[str]:
    """Yield the URI of a mongod with its files in `folder`, and stop it on leaving.

    Call this in the main thread: the kernel ends the mongod when the thread that started it ends.
    """
    mongod = EmbeddedMongod(folder)
    with asyncio.Runner() as runner:
        runner.run(mongod.start())
        try:
            yield mongod.uri
        finally:
            runner.run(mongod.stop())


def keep_history(client: MongoClient[dict[str, Any]], seconds: int) -> None:
    """Set how long old snapshots are kept. By default it is 300 s, and later rounds have to step
    over what earlier ones have deleted: deletes took 2.5 times as long as with 0 s. Reads of
    background batches need more than 0 s, or they may fail with SnapshotTooOld.
    """
    client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=seconds)
