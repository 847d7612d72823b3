"""Publish changed prices with their first key, whatever dies on the way."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from server.assembly import Sizes
from server.domain.errors import DatabaseUnavailable
from server.jobs.background import Background
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.publishing import Publishing, open_publishing
from tests.support.shop import open_shop
from tests.support.waiting import until


async def test_what_a_dead_publisher_has_sent_is_sent_again_with_the_same_key(
    prices: Publishing,
) -> None:
    ids = await prices.shop.put(*[1] * 3)
    batch = await prices.updated(ids)

    async with held_up(prices) as publishing:
        publishing.cancel()  # it was sent, and nobody noted it
        with suppress(asyncio.CancelledError):
            await publishing
    assert not await prices.publisher().run_once()  # the dead one's lease is alive
    prices.expire_leases()
    await prices.publish()

    assert prices.receiver.tries() == {0: 2, 1: 2, 2: 2}
    assert [set(prices.receiver.keys(index)) for index in range(3)] == [
        {f"{batch}-{index}"} for index in range(3)
    ]
    assert await prices.progress(batch) == (0, 3, 0)


async def test_a_publisher_that_has_lost_its_lease_notes_nothing(
    prices: Publishing, caplog: pytest.LogCaptureFixture
) -> None:
    ids = await prices.shop.put(*[1] * 3)
    batch = await prices.updated(ids)

    async with held_up(prices) as zombie:
        prices.expire_leases()
        prices.receiver.answer = lambda _price: 404
        await prices.publish()  # by another one, which the receiver refuses
    await zombie

    assert await prices.progress(batch) == (0, 0, 3)
    assert {one["txId"] for one in await prices.results(batch)} == {None}
    assert "Lost the lease of an outbox" in caplog.messages


async def test_a_lease_is_renewed_for_as_long_as_the_receiver_takes(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    sizes = Sizes(lease_seconds=1)
    async with open_publishing(mongod.uri, driver_name, sizes=sizes) as prices:
        (one,) = await prices.shop.put(1)
        batch = await prices.updated([one])

        async with held_up(prices):
            first = prices.chunks.find_one()["publisher"]["expiresAt"]
            await until(lambda: prices.chunks.find_one()["publisher"]["expiresAt"] > first)
            renewed = prices.chunks.find_one()["publisher"]["expiresAt"]
            assert renewed - first <= timedelta(seconds=1)
            await until(lambda: prices.chunks.find_one()["publisher"]["expiresAt"] > renewed)
            assert not await prices.publisher().run_once()

        await until(lambda: "publisher" not in prices.chunks.find_one())
        assert prices.receiver.tries() == {0: 1}
        assert await prices.progress(batch) == (0, 1, 0)


async def test_many_publishers_send_each_price_once(prices: Publishing) -> None:
    ids = await prices.shop.put(*[1] * 60)
    batch = await prices.updated(ids, batch_size=4)

    async def publish() -> None:
        publisher = prices.publisher()
        while await publisher.run_once():
            pass

    await asyncio.gather(*(publish() for _ in range(6)))

    assert prices.receiver.tries() == dict.fromkeys(range(60), 1)
    assert max(prices.receiver.most_at_once[index] for index in range(60)) == 1
    assert await prices.progress(batch) == (0, 60, 0)


async def test_a_chunk_whose_transaction_aborts_publishes_nothing(prices: Publishing) -> None:
    (one,) = await prices.shop.put(1)
    batch = await prices.submit([one])

    def take_the_chunk_away(command: str) -> None:
        if command == "update" and "lease" in prices.chunks.find_one():
            prices.chunks.update_one({}, {"$set": {"lease.token": "somebody else's"}})

    prices.shop.commands.on_end = take_the_chunk_away
    await prices.shop.assembly.worker.run_once()
    prices.shop.commands.on_end = lambda _name: None

    assert not await prices.publisher().run_once()
    assert prices.receiver.received == []
    assert prices.shop.products.find_one()["price"] == 100
    assert await prices.progress(batch) == (0, 0, 0)

    prices.chunks.update_one({}, {"$unset": {"lease": 1}})
    await prices.shop.assembly.worker.run_once()
    await prices.publish()

    assert prices.receiver.tries() == {0: 1}
    assert await prices.progress(batch) == (0, 1, 0)


async def test_what_a_worker_has_committed_before_it_died_is_published(
    prices: Publishing, mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    ids = await prices.shop.put(*[1] * 3)
    batch = await prices.submit(ids)

    await prices.shop.assembly.worker._chunks.run_next("one that ends here")

    async with open_shop(
        mongod.uri, driver_name, database=prices.shop.database, publishes=True
    ) as other:
        await Publishing(other, prices.receiver, prices.client).publish()
        assert await other.assembly.housekeeping.run_once() is False

        assert prices.receiver.tries() == {0: 1, 1: 1, 2: 1}
        assert await prices.progress(batch) == (0, 3, 0)
        told = await other.services.batches.by_id(batch)
        assert told is not None
        assert (told.state.value, told.success_count) == ("completed", 3)


async def test_what_could_not_be_noted_is_sent_again_later(prices: Publishing) -> None:
    ids = await prices.shop.put(*[1] * 3)
    batch = await prices.updated(ids)

    unreachable = prices.shop.failing("update", mode="alwaysOn", closeConnection=True)
    with unreachable, pytest.raises(DatabaseUnavailable):
        await prices.publisher().run_once()

    assert await prices.progress(batch) == (3, 0, 0)
    assert not await prices.publisher().run_once()
    prices.expire_leases()
    await prices.publish()
    assert prices.receiver.tries() == {0: 2, 1: 2, 2: 2}
    assert [len(set(prices.receiver.keys(index))) for index in range(3)] == [1, 1, 1]
    assert await prices.progress(batch) == (0, 3, 0)


async def test_a_database_that_goes_away_meanwhile_ends_no_process(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    async with open_publishing(mongod.uri, driver_name, sizes=Sizes(lease_seconds=1)) as prices:
        ids = await prices.shop.put(*[1] * 12)
        jobs = prices.shop.assembly
        background = Background(jobs.worker, jobs.housekeeping, jobs.retention, prices.publisher())
        prices.receiver.answer = lambda _price: 200 if failed.is_set() else fail()
        failed = threading.Event()

        def fail() -> int:
            """Let the database fail for a while, from the first price on."""
            failed.set()
            prices.shop.fail("update", "findAndModify", mode={"times": 8}, errorCode=91)
            return 200

        async with background.running():
            batch = await prices.submit(ids, batch_size=4)
            await until(lambda: _published(prices) == 12)
            assert background.is_alive

        assert set(prices.receiver.tries()) == set(range(12))
        assert len({key for key, _ in prices.receiver.received}) == 12
        assert await prices.progress(batch) == (0, 12, 0)


async def test_what_is_left_when_a_publisher_stops_is_for_the_next(prices: Publishing) -> None:
    ids = await prices.shop.put(*[1] * 25)
    batch = await prices.updated(ids)
    publisher = prices.publisher()
    prices.receiver.answer = lambda _price: publisher.stop() or 200

    assert await publisher.run_once()

    assert len(prices.receiver.received) == 10
    assert await prices.progress(batch) == (15, 10, 0)
    await prices.publish()
    assert prices.receiver.tries() == dict.fromkeys(range(25), 1)
    assert await prices.progress(batch) == (0, 25, 0)


async def test_a_batch_is_kept_until_its_prices_are_published(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    sizes = Sizes(batches_last=timedelta(0))
    async with open_publishing(mongod.uri, driver_name, sizes=sizes) as prices:
        ids = await prices.shop.put(*[1] * 3)
        await prices.updated(ids)

        await prices.shop.assembly.retention.run_once()
        await prices.publish()

        assert prices.receiver.tries() == {0: 1, 1: 1, 2: 1}


@asynccontextmanager
async def held_up(prices: Publishing) -> AsyncIterator[asyncio.Task[bool]]:
    """Start a publisher whose prices are received, and answered after the block."""
    reached, end = threading.Event(), threading.Event()

    def answer(_price: object) -> int:
        reached.set()
        end.wait(20)
        return 200

    prices.receiver.answer = answer
    publishing = asyncio.create_task(prices.publisher().run_once())
    await asyncio.to_thread(reached.wait, 20)
    try:
        yield publishing
    finally:
        if prices.receiver.answer is answer:
            prices.receiver.answer = lambda _price: 200
        end.set()


def _published(prices: Publishing) -> int:
    return sum(one["publishedCount"] for one in prices.chunks.find())
