"""Watch batches, and count the change streams that serve the watchers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pymongo.monitoring import CommandStartedEvent

from server.domain.batch_progress import BatchProgress
from server.domain.batch_state import BatchState
from tests.support.batches.batch_work import submit
from tests.support.shop import Shop
from tests.support.waiting import until

PENDING, COMPLETED = BatchState.PENDING, BatchState.COMPLETED
CHUNKS = 6


async def submitted(shop: Shop) -> str:
    """Submit a batch of `CHUNKS` chunks of one item; the first one fails. Return its id."""
    ids = await shop.put(*[0] * CHUNKS)
    inputs = [{"productId": one, "quantity": place or -1} for place, one in enumerate(ids)]
    return await submit(shop, inputs, batch_size=1)


async def watched(shop: Shop, batch: str) -> list[BatchProgress]:
    return [state async for state in shop.services.progress.watch(batch)]


@asynccontextmanager
async def watching(shop: Shop, batch: str) -> AsyncIterator[list[BatchProgress]]:
    """Watch a batch from before the block to the batch's end; give the states that are seen."""
    seen: list[BatchProgress] = []

    async def watch() -> None:
        async for state in shop.services.progress.watch(batch):
            seen.append(state)  # noqa: PERF401 - it is looked at meanwhile

    watcher = asyncio.create_task(watch())
    try:
        await until(lambda: bool(seen))
        yield seen
        assert await asyncio.wait({watcher}, timeout=30) == ({watcher}, set())
    finally:
        watcher.cancel()
        await asyncio.wait({watcher}, timeout=5)
    await watcher


def assert_got_on(seen: Sequence[BatchProgress]) -> None:
    """Check that no counter goes back, and that only the last state is final."""
    counts = [(one.success_count, one.failure_count, one.processed_items) for one in seen]
    for counter in zip(*counts, strict=True):
        assert list(counter) == sorted(counter)
    assert [one.state.is_final for one in seen] == [False] * (len(seen) - 1) + [True]
    last = seen[-1]
    assert (last.state, last.success_count, last.failure_count) == (COMPLETED, CHUNKS - 1, 1)


def listeners() -> int:
    """Return how many tasks listen to a stream."""
    return sum("_listen" in str(task.get_coro()) for task in asyncio.all_tasks())


def begun_streams(shop: Shop) -> list[str]:
    """Return a list that gets the database of each change stream begun from now on."""
    streams: list[str] = []
    started = shop.commands.started

    def note(event: CommandStartedEvent) -> None:
        if "$changeStream" in str(event.command.get("pipeline", "")):
            streams.append(event.database_name)
        started(event)

    shop.commands.started = note  # type: ignore[method-assign]
    return streams


def open_streams(shop: Shop) -> int:
    """Return how many change streams the server has open on this shop's database."""
    command = {"cursor.originatingCommand.pipeline.0.$changeStream": {"$exists": True}}
    mine = {"cursor.originatingCommand.$db": shop.database}
    pipeline = [{"$currentOp": {"idleCursors": True, "allUsers": True}}, {"$match": command | mine}]
    return len(list(shop.admin.admin.aggregate(pipeline)))
