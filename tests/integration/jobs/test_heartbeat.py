"""Give signs of life, and notice when there are none."""

from datetime import timedelta

import pytest

from server.domain.errors import StoreError
from server.domain.queue_state import SILENT_SECONDS
from server.jobs.background import Background
from server.jobs.worker import STUCK_SECONDS
from server.mongo.batches.workers import Workers
from server.web.gauges import Gauges
from server.web.probe import Probe
from tests.support.batches.batch_work import plus_one, submit
from tests.support.shop import Shop
from tests.support.waiting import until


def workers(shop: Shop) -> Workers:
    return shop.assembly.queue.workers


def go_back(shop: Shop, collection: str, field: str, seconds: float) -> None:
    """Make a time in every document that many seconds earlier than now."""
    ago = {"$subtract": ["$$NOW", int(seconds * 1000)]}
    shop.admin[shop.database][collection].update_many({}, [{"$set": {field: ago}}])


async def test_a_worker_is_seen_until_it_has_been_silent_for_long(shop: Shop) -> None:
    assert await workers(shop).seen() == 0

    await workers(shop).beat("a")
    await workers(shop).beat("b")
    await workers(shop).beat("a")
    assert await workers(shop).seen() == 2

    go_back(shop, "workers", "seenAt", SILENT_SECONDS - 10)
    assert await workers(shop).seen() == 2
    go_back(shop, "workers", "seenAt", SILENT_SECONDS + 1)
    assert await workers(shop).seen() == 0

    await workers(shop).beat("a")
    assert await workers(shop).seen() == 1
    await workers(shop).leave("a")
    assert await workers(shop).seen() == 0


async def test_mongodb_forgets_a_worker_that_is_long_silent(shop: Shop) -> None:
    await workers(shop).beat("a")

    (one,) = shop.admin[shop.database]["workers"].find()

    assert one["forgetAt"] - one["seenAt"] > timedelta(seconds=SILENT_SECONDS)


async def test_the_background_beats_while_it_runs_and_leaves_at_its_end(shop: Shop) -> None:
    parts = shop.assembly
    background = Background(
        parts.worker, parts.housekeeping, parts.retention, None, parts.heartbeat
    )
    found = shop.admin[shop.database]["workers"]
    async with background.running():
        await until(lambda: found.count_documents({"_id": parts.worker.name}) == 1)
        assert await workers(shop).seen() == 1

    (left,) = found.find()
    assert left["_id"] == parts.worker.name
    assert "leftAt" in left
    assert await workers(shop).seen() == 0


async def test_a_worker_that_is_stuck_gives_no_sign(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = shop.assembly.worker
    monkeypatch.setattr(worker, "_polled", worker._polled - STUCK_SECONDS - 1)

    assert not await shop.assembly.heartbeat.run_once()

    assert await workers(shop).seen() == 0


async def test_an_outage_fails_a_sign_and_not_the_end(shop: Shop) -> None:
    with shop.failing("update", "delete", mode="alwaysOn", errorCode=50):
        with pytest.raises(StoreError):
            await shop.assembly.heartbeat.run_once()
        await shop.assembly.heartbeat.end()


async def test_readiness_warns_when_chunks_wait_and_no_worker_lives(shop: Shop) -> None:
    queue = Probe(shop.assembly.queue.state)
    shop.metrics.gauges = Gauges(connections=dict, subscriptions=lambda: 0, queue=queue)
    await submit(shop, plus_one(await shop.put(1)))

    async with shop.http() as client:
        fresh = await client.get("/readyz")
        go_back(shop, "batchChunks", "due", 3600)
        waiting = await client.get("/readyz")
        await shop.assembly.heartbeat.run_once()
        seen = await client.get("/readyz")

    assert [one.status_code for one in (fresh, waiting, seen)] == [200] * 3
    assert fresh.json() == seen.json() == {"status": "ok"}
    assert waiting.json() == {
        "status": "ok",
        "warning": "no worker has been seen for 30 s, and chunks wait: 1",
    }
