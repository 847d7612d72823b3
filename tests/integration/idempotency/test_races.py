"""Send one key from many callers at once: the work is done once, and all get one answer."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from server.assembly import Sizes
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.batch_invariants import assert_batches_are_exact
from tests.support.batches.batch_work import work_off
from tests.support.batches.idempotent_calls import (
    are_under_way,
    batches,
    chunks,
    held,
    told,
    update_stock,
)
from tests.support.shop import Shop, open_shop
from tests.support.waiting import until
from tests.support.web.whole_answers import Json, code_of, data_of, everything, is_replay, post

CALLERS = 100
SUBMIT = """
mutation ($ids: [ID!]!) {
  submitBatch(operation: {discontinueProducts: {productIds: $ids, batchSize: 1}}) { id totalItems }
}
"""


@asynccontextmanager
async def two_servers(
    mongod: EmbeddedMongod, driver_name: DriverName, **sizes: float
) -> AsyncIterator[tuple[Shop, Shop]]:
    """Open two servers on one database, as two processes would be."""
    async with AsyncExitStack() as opened:
        both = Sizes(**sizes)  # type: ignore[arg-type]
        first = await opened.enter_async_context(open_shop(mongod.uri, driver_name, sizes=both))
        second = await opened.enter_async_context(
            open_shop(mongod.uri, driver_name, database=first.database, sizes=both)
        )
        yield first, second


@pytest.mark.parametrize("count", [1, 6])
async def test_a_hundred_callers_with_one_key_have_it_done_once(
    mongod: EmbeddedMongod, driver_name: DriverName, count: int
) -> None:
    async with two_servers(mongod, driver_name) as servers:
        shop = servers[0]
        ids = await shop.put(*[10] * count)

        answers = await asyncio.gather(
            *(update_stock(servers[number % 2], ids) for number in range(CALLERS))
        )

        heard = assert_one_answer(answers)
        assert heard == told(ids)
        assert shop.stocks() == dict.fromkeys(ids, 15)
        assert len(batches(shop)) == 1
        assert_batches_are_exact(shop.admin[shop.database], dict.fromkeys(ids, 10))


@pytest.mark.parametrize("count", [1, 40])
async def test_a_hundred_submissions_with_one_key_are_one_batch(
    mongod: EmbeddedMongod, driver_name: DriverName, count: int
) -> None:
    async with two_servers(mongod, driver_name) as servers:
        shop = servers[0]
        ids = await shop.put(*[10] * count)

        async def submit(server: Shop) -> Json:
            async with server.http() as client:
                return await post(client, SUBMIT, {"ids": ids}, "key")

        answers = await asyncio.gather(*(submit(servers[n % 2]) for n in range(CALLERS)))

        heard = assert_one_answer(answers)
        (batch,) = batches(shop)
        assert heard == {"id": str(batch["_id"]), "totalItems": count}
        assert len(chunks(shop)) == count
        assert await work_off(shop) == count
        assert_batches_are_exact(shop.admin[shop.database], dict.fromkeys(ids, 10))


async def test_a_hundred_callers_with_a_key_each_have_it_done_a_hundred_times(shop: Shop) -> None:
    ids = await shop.put(10)

    answers = await asyncio.gather(
        *(update_stock(shop, ids, f"key {number}") for number in range(CALLERS))
    )

    stocks = sorted(data_of(answer)[0]["newStock"] for answer in answers)
    assert stocks == list(range(15, 10 + 5 * CALLERS + 1, 5))
    assert not any(is_replay(answer) for answer in answers)
    assert_batches_are_exact(shop.admin[shop.database], {ids[0]: 10})


async def test_callers_of_different_content_race_for_a_key_and_one_gets_it(shop: Shop) -> None:
    ids = await shop.put(*[10] * 20)

    answers = await asyncio.gather(*(update_stock(shop, [one]) for one in ids))

    done = [answer for answer in answers if answer["data"]]
    refused = [code_of(answer) for answer in answers if not answer["data"]]
    assert (len(done), refused) == (1, ["IDEMPOTENCY_KEY_REUSED"] * 19)
    assert Counter(shop.stocks().values()) == {10: 19, 15: 1}


async def test_whoever_comes_second_waits_for_the_first(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    async with two_servers(mongod, driver_name, key_patience_seconds=60) as (shop, other):
        ids = await shop.put(10, 10, 10)
        with held(shop, *ids):
            first = asyncio.create_task(update_stock(shop, ids))
            await until(lambda: are_under_way(shop, 3))
            other.commands.names.clear()
            second = asyncio.create_task(update_stock(other, ids))
            # It has found the batch, and looks again and again whether it has ended.
            await until(lambda: other.commands.names.count("findAndModify") > 2)
            assert not second.done()

        assert data_of(await first) == data_of(await second) == told(ids)
        assert (is_replay(first.result()), is_replay(second.result())) == (False, True)
        assert shop.stocks() == dict.fromkeys(ids, 15)
        assert_batches_are_exact(shop.admin[shop.database], dict.fromkeys(ids, 10))


async def test_who_has_waited_long_enough_is_told_that_the_key_is_in_use(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    async with two_servers(mongod, driver_name, key_patience_seconds=0.1) as (shop, other):
        ids = await shop.put(10, 10, 10)
        with held(shop, ids[0]):
            first = asyncio.create_task(update_stock(shop, ids))
            await until(lambda: are_under_way(shop, 1) and len(chunks(shop, status="done")) == 2)
            second = await update_stock(other, ids)
            different = await update_stock(other, ids[:1])
            assert not first.done()

        assert code_of(second) == "IDEMPOTENCY_KEY_IN_USE"
        assert code_of(different) == "IDEMPOTENCY_KEY_REUSED"
        assert data_of(await first) == told(ids)
        left = everything(shop)
        third = await update_stock(other, ids)
        assert (data_of(third), is_replay(third)) == (told(ids), True)
        assert everything(shop) == left


async def test_without_any_patience_the_first_answer_is_given_again_all_the_same(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    sizes = Sizes(key_patience_seconds=0)
    async with open_shop(mongod.uri, driver_name, sizes=sizes) as shop:
        ids = await shop.put(10)
        await update_stock(shop, ids)

        again = await update_stock(shop, ids)

        assert (data_of(again), is_replay(again)) == (told(ids), True)
        assert shop.stocks() == {ids[0]: 15}


def assert_one_answer(answers: list[Json]) -> object:
    """Check that all got one answer or a busy key, and only one was first; return the answer."""
    refused = {code_of(answer) for answer in answers if "errors" in answer}
    assert refused <= {"IDEMPOTENCY_KEY_IN_USE"}
    heard = [data_of(answer) for answer in answers if "errors" not in answer]
    assert heard == [heard[0]] * len(heard)
    firsts = [one for one in answers if "errors" not in one and not is_replay(one)]
    assert len(firsts) == 1
    return heard[0]


async def test_what_a_request_has_not_begun_stays_its_own_for_as_long_as_it_runs(
    shop: Shop,
) -> None:
    ids = await shop.put(*[10] * 6)

    def reserved() -> list[Json]:
        return [chunk["lease"] for chunk in chunks(shop, **{"lease.reservedBy": {"$ne": None}})]

    with held(shop, *ids):
        request = asyncio.create_task(update_stock(shop, ids))
        await until(lambda: are_under_way(shop, 4))
        first = reserved()
        assert len(first) == 2
        # Five seconds, of the twenty that a reservation lasts.
        await until(lambda: all(lease["expiresAt"] > first[0]["expiresAt"] for lease in reserved()))
        assert len(reserved()) == 2
        assert not await shop.assembly.worker.run_once()

    assert data_of(await request) == told(ids)
    assert_batches_are_exact(shop.admin[shop.database], dict.fromkeys(ids, 10))
