"""Let a worker's transaction see the worker's own claim, however busy the database is."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from server.domain.batch_state import BatchState
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.batch_work import assert_exact, batch, batches, chunk, plus_one, submit
from tests.support.shop import Shop
from tests.support.waiting import until

LONG_ENOUGH = 1.0  # seconds, in which a chunk that does not wait has ended


@contextmanager
def a_write_that_does_not_end(shop: Shop, uri: str) -> Iterator[None]:
    """Block a write in the order of all writes: no snapshot goes beyond it until it ends."""
    point = "hangAfterCollectionInserts"
    name = f"{shop.database}.slow"
    shop.admin[shop.database].create_collection("slow")
    reply = shop.admin.admin.command(
        {"configureFailPoint": point, "mode": "alwaysOn", "data": {"collectionNS": name}}
    )
    writing = Thread(target=_insert, args=(uri, shop.database))
    writing.start()
    try:
        wait = {"waitForFailPoint": point, "timesEntered": reply["count"] + 1, "maxTimeMS": 30_000}
        shop.admin.admin.command(wait)
        yield
    finally:
        shop.admin.admin.command({"configureFailPoint": point, "mode": "off"})
        writing.join()


def _insert(uri: str, database: str) -> None:
    with MongoClient[dict[str, int]](uri) as client:
        slow = client[database]["slow"].with_options(write_concern=WriteConcern(1))
        slow.insert_one({"number": 1})


async def test_a_chunk_that_was_just_claimed_is_not_taken_for_lost(
    shop: Shop, mongod: EmbeddedMongod, caplog: pytest.LogCaptureFixture
) -> None:
    """A claim waits for no majority. While another write is under way, snapshots lie before it; but
    not that of a transaction in the claim's own session.
    """
    (one,) = await shop.put(10)
    batch_id = await submit(shop, plus_one([one]))
    batches(shop).update_one({}, {"$set": {"status": "processing"}})  # its begin would wait, too

    with a_write_that_does_not_end(shop, mongod.uri):
        running = asyncio.create_task(shop.assembly.worker.run_once())
        await until(lambda: "lease" in chunk(shop, batch_id))
        await asyncio.wait({running}, timeout=LONG_ENOUGH)

    assert await running
    assert not [one for one in caplog.messages if "Lost the lease" in one]
    assert (await batch(shop, batch_id)).state is BatchState.COMPLETED
    assert chunk(shop, batch_id)["crashes"] == 0
    assert_exact(shop, {one: 10})
