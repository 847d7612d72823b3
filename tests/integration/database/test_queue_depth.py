"""Count what waits and what runs in the queue, for the metrics."""

from datetime import timedelta

import pytest

from server.domain.errors import StoreError
from server.domain.queue_state import QueueDepth
from server.web.gauges import Gauges
from server.web.probe import Probe
from tests.support.batches.batch_work import claimed, lapse, plus_one, submit, work_off
from tests.support.shop import Shop
from tests.support.web.exposition import names

EMPTY = QueueDepth(waiting=0, running=0, oldest_seconds=0)


async def counts(shop: Shop) -> tuple[int, int]:
    depth = await shop.assembly.queue.queue.depth()
    return depth.waiting, depth.running


async def test_chunks_wait_until_they_run_and_are_gone_when_done(shop: Shop) -> None:
    assert await shop.assembly.queue.queue.depth() == EMPTY

    await submit(shop, plus_one(await shop.put(*[1] * 6)), batch_size=2)
    waiting, _ = await counts(shop)
    assert waiting >= 3
    async with claimed(shop):
        assert await counts(shop) == (waiting - 1, 1)
        lapse(shop)
        assert await counts(shop) == (waiting, 0)
    await work_off(shop)

    assert await shop.assembly.queue.queue.depth() == EMPTY


async def test_the_age_is_that_of_the_first_chunk_that_could_run(shop: Shop) -> None:
    await submit(shop, plus_one(await shop.put(1)))
    chunks = shop.admin[shop.database]["batchChunks"]
    ago = {"$subtract": ["$$NOW", timedelta(hours=1) // timedelta(milliseconds=1)]}

    chunks.update_many({}, [{"$set": {"due": ago}}])
    assert 3600 <= (await shop.assembly.queue.queue.depth()).oldest_seconds < 3900

    chunks.update_many({}, {"$set": {"blocked": True}})
    assert (await shop.assembly.queue.queue.depth()).oldest_seconds == 0


async def test_it_is_read_from_indexes(shop: Shop) -> None:
    """Chunks are large: the count reads none of them."""
    await submit(shop, plus_one(await shop.put(*[1] * 6)), batch_size=1)
    plan = shop.admin[shop.database].command(
        "explain",
        {"count": "batchChunks", "query": {"status": "pending"}, "hint": "status_1"},
        verbosity="executionStats",
    )

    assert plan["executionStats"]["totalDocsExamined"] == 0


async def test_a_scrape_does_without_a_database_that_is_away(shop: Shop) -> None:
    queue = Probe(shop.assembly.queue.state)
    shop.metrics.gauges = Gauges(connections=dict, subscriptions=lambda: 0, queue=queue)
    async with shop.http() as client:
        with shop.failing("aggregate", mode="alwaysOn", errorCode=50):
            with pytest.raises(StoreError):
                await shop.assembly.queue.queue.depth()
            away = await client.get("/metrics")
        back = await client.get("/metrics")

    assert (away.status_code, back.status_code) == (200, 200)
    assert names(back.text) - names(away.text) == {
        "stockbatch_queue_chunks",
        "stockbatch_queue_oldest_seconds",
        "stockbatch_workers",
    }
