"""Fail a chunk for a reason that no rule foresaw: what its items are told stays true."""

import asyncio

from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed
from server.kinds.discontinue_products.rules import Discontinued, Unchanged
from server.kinds.update_stock.rules import Applied
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.shop import Shop, open_shop

KILLED = {"errorCode": 11601}  # Interrupted, by killOp: no label, so nothing that is retried


async def test_what_goes_wrong_once_is_no_fault_of_an_item(shop: Shop) -> None:
    (one,) = await shop.put(10)
    with shop.failing("update", mode={"times": 1}, **KILLED):
        outcomes = await shop.update([(one, 10), (one, -15)], atomic=True)

    assert [type(outcome) for outcome in outcomes] == [Applied, Applied]
    assert shop.stocks() == {one: 5}


async def test_a_product_named_twice_is_not_torn_apart_by_an_atomic_rehearsal(shop: Shop) -> None:
    (one,) = await shop.put(10)
    with shop.failing("update", mode={"times": 2}, **KILLED):
        outcomes = await shop.update([(one, 10), (one, -15)], atomic=True)

    codes = [outcome.error.code for outcome in outcomes if isinstance(outcome, Failed)]
    assert codes == [ItemErrorCode.INTERNAL, ItemErrorCode.INTERNAL]
    assert shop.stocks() == {one: 10}


async def test_a_product_named_twice_is_not_torn_apart_by_a_dry_run(shop: Shop) -> None:
    spoiled, good = await shop.put(10, 10)
    with shop.failing("update", mode={"times": 2}, **KILLED):
        outcomes = await shop.discontinue([spoiled, good, good], dry_run=True)

    assert [type(outcome) for outcome in outcomes] == [Discontinued, Discontinued, Unchanged]
    assert shop.stocks() == {spoiled: 10, good: 10}


async def test_a_commit_that_is_refused_for_good_fails_its_chunk_at_once(
    mongod: EmbeddedMongod,
) -> None:
    async with open_shop(mongod.uri, "motor", deadline_seconds=0.3) as shop:
        ids = await shop.put(*[10] * 50)
        with shop.failing("commitTransaction", mode="alwaysOn", **KILLED):
            outcomes = await shop.update([(one, 1) for one in ids])

        assert {one.error.code for one in outcomes if isinstance(one, Failed)} == {
            ItemErrorCode.UNAVAILABLE
        }
        assert len(outcomes) == 50
        assert set(shop.stocks().values()) == {10}
        assert shop.rows() == []


async def test_in_an_outage_a_batch_waits_for_the_database_once(mongod: EmbeddedMongod) -> None:
    async with open_shop(mongod.uri, "pymongo", deadline_seconds=0.3) as shop:
        ids = await shop.put(*[10] * 60)
        with shop.failing("find", mode="alwaysOn", closeConnection=True):
            outcomes = await shop.update([(one, 1) for one in ids], batch_size=1)

        codes = [one.error.code for one in outcomes if isinstance(one, Failed)]
        assert codes == [ItemErrorCode.UNAVAILABLE] * 60
        assert b'chunk_seconds_count{operation="batchUpdateStock"} 4.0' in shop.metrics.exposition()
        assert all(one.error.retryable for one in outcomes if isinstance(one, Failed))
        assert set(shop.stocks().values()) == {10}


async def test_a_small_batch_does_not_wait_behind_a_large_one(shop: Shop) -> None:
    ids = await shop.put(*[10] * 201)
    large = asyncio.create_task(shop.update([(one, 1) for one in ids[:200]], batch_size=1))
    await asyncio.sleep(0)  # it has asked for all its places by now

    await shop.update([(ids[200], 1)])

    assert not large.done()
    assert len(await large) == 200
