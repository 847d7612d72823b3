"""Interrupt a keyed request: the same key finishes it, and nothing is done twice."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest
from bson import ObjectId

from server.assembly import Sizes
from server.kinds.registry import KINDS
from server.mongo.batches.queue import ChunkQueue
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.batch_work import work_off
from tests.support.batches.idempotent_calls import (
    are_under_way,
    assert_done_once,
    batches,
    chunks,
    end_leases,
    held,
    told,
    update_stock,
)
from tests.support.shop import Shop, open_shop
from tests.support.waiting import until
from tests.support.web.whole_answers import code_of, data_of, everything, is_replay

WITH_KEY = (
    "The request could not be answered just now. Send it again with the same idempotency key: what "
    "is missing is done then, and nothing is done twice."
)


async def interrupted(shop: Shop, ids: list[str]) -> None:
    """Hang up while the first chunk runs, so that no other chunk ends or begins."""
    with held(shop, *ids):
        request = asyncio.create_task(update_stock(shop, ids))
        await until(lambda: are_under_way(shop, 4))
        request.cancel()
        await asyncio.wait([request])


async def finished_by_the_same_request(shop: Shop, ids: list[str]) -> None:
    answer = await update_stock(shop, ids)
    assert (data_of(answer), is_replay(answer)) == (told(ids), True)


async def finished_by_a_worker(shop: Shop, ids: list[str]) -> None:
    await work_off(shop)


Finish = Callable[[Shop, list[str]], Awaitable[None]]
BY_EITHER = pytest.mark.parametrize(
    "finish", [finished_by_the_same_request, finished_by_a_worker], ids=["request", "worker"]
)


@BY_EITHER
async def test_what_a_caller_that_went_away_has_left_undone_is_done(
    shop: Shop, finish: Finish
) -> None:
    ids = await shop.put(*[10] * 9)
    await interrupted(shop, ids)
    await shop.engine.drain()  # what has begun goes on to its end
    assert len(chunks(shop, status="done")) == 4
    assert list(shop.stocks().values()).count(15) == 4
    end_leases(shop)

    await finish(shop, ids)

    assert_done_once(shop, ids)
    await finished_by_the_same_request(shop, ids)
    assert_done_once(shop, ids)


@BY_EITHER
async def test_a_request_that_died_before_it_began_a_chunk_is_done(
    shop: Shop, finish: Finish
) -> None:
    ids = await shop.put(10, 10, 10)
    with shop.failing("findAndModify", mode="alwaysOn", closeConnection=True):
        answer = await update_stock(shop, ids)
    assert code_of(answer) == "UNAVAILABLE"
    assert [error["message"] for error in answer["errors"]] == [WITH_KEY]
    assert shop.stocks() == dict.fromkeys(ids, 10)
    end_leases(shop)

    await finish(shop, ids)

    assert_done_once(shop, ids)


@pytest.mark.parametrize("collection", ["products", "batchChunks"])
@BY_EITHER
async def test_a_chunk_that_was_claimed_and_left_is_done(
    shop: Shop, finish: Finish, collection: str
) -> None:
    """A process that was killed in its transaction leaves its claim and its locks."""
    ids = await shop.put(10, 10, 10)
    with shop.failing("findAndModify", mode="alwaysOn", closeConnection=True):
        await update_stock(shop, ids)
    end_leases(shop)
    async with shop.runner.session() as lost:
        queue = ChunkQueue(shop.driver, shop.database, kinds=list(KINDS))
        claimed = await queue.claim("killed", lost, batch_id=str(batches(shop)[0]["_id"]))
        assert claimed is not None
        end_leases(shop)
        await shop.driver.start_transaction(lost)
        written = chunks(shop)[0]["_id"] if collection == "batchChunks" else ObjectId(ids[0])
        await shop.driver.client[shop.database][collection].update_one(
            {"_id": written}, {"$inc": {"stock": 5}}, session=lost
        )

        await finish(shop, ids)

        assert_done_once(shop, ids)
        assert [chunk["crashes"] for chunk in chunks(shop)] == [1, 0, 0]


async def test_a_chunk_that_somebody_holds_is_waited_for_and_not_taken(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    sizes = Sizes(key_patience_seconds=0.1)
    async with open_shop(mongod.uri, driver_name, sizes=sizes) as shop:
        ids = await shop.put(10, 10, 10)
        with shop.failing("findAndModify", mode="alwaysOn", closeConnection=True):
            await update_stock(shop, ids)
        end_leases(shop)
        async with shop.runner.session() as session:
            queue = ChunkQueue(shop.driver, shop.database, kinds=list(KINDS))
            batch_id = str(batches(shop)[0]["_id"])
            claimed = await queue.claim("another", session, batch_id=batch_id)

        answer = await update_stock(shop, ids)

        assert claimed is not None
        assert code_of(answer) == "IDEMPOTENCY_KEY_IN_USE"
        assert shop.stocks() == {ids[0]: 10, ids[1]: 15, ids[2]: 15}
        end_leases(shop)
        await finished_by_the_same_request(shop, ids)
        assert_done_once(shop, ids)


OUTAGE = ("find", "insert", "update", "findAndModify", "aggregate")


@BY_EITHER
@pytest.mark.parametrize("after", [1, 2, 3])
async def test_after_an_outage_in_the_middle_the_same_key_goes_on(
    mongod: EmbeddedMongod, driver_name: DriverName, after: int, finish: Finish
) -> None:
    """The outage begins after that many commits, the first of which stores the batch."""
    short = {"deadline_seconds": 0.5, "settle_seconds": 0.5}
    async with open_shop(mongod.uri, driver_name, **short) as shop:
        ids = await shop.put(*[10] * 6)

        ended: list[str] = []
        striking = threading.Lock()

        def strike(command: str) -> None:
            with striking:
                ended.append(command)
                if command == "commitTransaction" and ended.count(command) == after:
                    shop.fail(*OUTAGE, mode="alwaysOn", closeConnection=True)

        def wait_for_the_strike(_command: str) -> None:
            with striking:  # Motor's other threads could end the batch before the outage begins
                pass

        shop.commands.on_start, shop.commands.on_end = wait_for_the_strike, strike
        answer = await update_stock(shop, ids)
        await shop.engine.drain()
        shop.fail(mode="off")
        shop.commands.on_start = shop.commands.on_end = lambda _name: None
        assert code_of(answer) == "UNAVAILABLE"
        assert [error["message"] for error in answer["errors"]] == [WITH_KEY]
        done = list(shop.stocks().values()).count(15)
        assert done == len(chunks(shop, status="done"))
        assert done < len(ids)
        end_leases(shop)

        await finish(shop, ids)

        assert_done_once(shop, ids)
        left = everything(shop)
        await finished_by_the_same_request(shop, ids)
        assert everything(shop) == left


async def test_a_request_that_could_not_be_stored_has_left_nothing(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    short = {"deadline_seconds": 0.5, "settle_seconds": 0.5}
    async with open_shop(mongod.uri, driver_name, **short) as shop:
        ids = await shop.put(10)
        before = everything(shop)
        with shop.failing("insert", mode="alwaysOn", closeConnection=True):
            answer = await update_stock(shop, ids)

        assert code_of(answer) == "UNAVAILABLE"
        assert everything(shop) == before
        later = await update_stock(shop, ids)
        assert (data_of(later), is_replay(later)) == (told(ids), False)
        assert_done_once(shop, ids)
