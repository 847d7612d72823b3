"""Requests that arrive while a transaction is in flight share the next one, and nobody can tell."""

import asyncio
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed
from server.kinds.update_products.rules import SentPatch
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.grouping import (
    NOTHING,
    held,
    hold_next,
    in_line,
    open_grouping_shop,
    reached,
    sharing,
)
from tests.support.outcomes import codes, new_stock
from tests.support.shop import UNKNOWN_ID, Shop, open_shop

CHUNK = ["find", "update", "insert", "commitTransaction"]
_AN_HOUR = timedelta(hours=1)
PATCH: SentPatch = {"name": "New"}


@pytest.fixture
def shop(grouping_shop: Shop) -> Shop:
    """Take a shop in which a group waits until the one before it has ended."""
    return grouping_shop


async def test_requests_that_arrive_meanwhile_share_one_transaction(shop: Shop) -> None:
    ids = await shop.put(10, 10)

    answers = await sharing(
        shop,
        shop.update([(ids[0], 1)]),
        shop.update([("nonsense", 1), (ids[0], -12), (ids[1], 2)]),
        shop.update([(ids[0], 5, 11), (UNKNOWN_ID, 1)]),
    )

    assert shop.commands.names == CHUNK
    assert [[one.index for one in answer] for answer in answers] == [[0], [0, 1, 2], [0, 1]]
    assert [new_stock(one) for answer in answers for one in answer] == [
        11, None, None, 12, 16, None
    ]  # fmt: skip
    assert [one.error.path for answer in answers for one in answer if isinstance(one, Failed)] == [
        ("updates", "0", "productId"),
        ("updates", "1", "quantity"),
        ("updates", "1", "productId"),
    ]
    assert [row["quantity"] for row in shop.rows()] == [1, -12, 2, 5, 1]
    assert shop.stocks() == {ids[0]: 16, ids[1]: 12}


async def test_requests_of_each_kind_share_one_transaction(shop: Shop) -> None:
    a, b, c, free = *await shop.put(10, 10, 10), str(ObjectId())
    nothing = "nonsense"

    patched = await sharing(
        shop,
        shop.patch((a, PATCH)),
        shop.patch((a, {"price": 7})),
        hold=shop.patch((nothing, {})),
    )
    ended = [shop.commands.names.count("commitTransaction")]
    discontinued = await sharing(
        shop,
        shop.discontinue([b, a]),
        shop.discontinue([b]),
        hold=shop.discontinue([nothing]),
    )
    ended.append(shop.commands.names.count("commitTransaction"))
    deleted = await sharing(shop, shop.delete(c), shop.delete(c, UNKNOWN_ID), hold=shop.delete(""))
    ended.append(shop.commands.names.count("commitTransaction"))
    created = await sharing(
        shop, shop.create({"own_id": free}), shop.create({}, {"own_id": free}),
        hold=shop.create({"name": ""}),
    )  # fmt: skip
    ended.append(shop.commands.names.count("commitTransaction"))

    assert ended == [1] * 4
    assert [(answer[0].product.name, answer[0].product.price) for answer in patched] == [
        ("New", 100),
        ("New", 7),
    ]
    assert [[type(one).__name__ for one in answer] for answer in discontinued] == [
        ["Discontinued", "Discontinued"],
        ["Unchanged"],
    ]
    assert [codes(answer) for answer in deleted] == [[None], [ItemErrorCode.PRODUCT_NOT_FOUND] * 2]
    assert [codes(answer) for answer in created] == [[None], [None, ItemErrorCode.DUPLICATE_KEY]]
    assert [one.index for one in created[1]] == [0, 1]
    assert sorted(shop.stocks()) == sorted([a, b, free, created[1][0].product.id])


async def test_a_request_alone_takes_the_commands_of_a_chunk(shop: Shop) -> None:
    (one,) = await shop.put(10)
    shop.commands.names.clear()

    await shop.update([(one, 1)])
    await shop.update([(one, 1)])

    assert shop.commands.names == CHUNK * 2


async def test_switched_off_each_request_has_its_own_transaction(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    async with open_grouping_shop(mongod, driver_name, items=0) as shop:
        ids = await shop.put(10, 10)

        await sharing(shop, shop.update([(ids[0], 1)]), shop.update([(ids[1], 1)]))

        assert Counter(shop.commands.names) == Counter(CHUNK * 2)


@pytest.mark.parametrize(
    "options", [{"atomic": True}, {"dry_run": True}, {"continue_on_error": False}], ids=str
)
async def test_a_request_that_cannot_run_in_any_transaction_waits_for_none(
    shop: Shop, options: dict[str, Any]
) -> None:
    ids = await shop.put(10, 10)
    first, gate = await held(shop, shop.update([(ids[0], 1)]))

    async with asyncio.timeout(10):
        (outcome,) = await shop.update([(ids[1], 1)], **options)

    assert not first.done()
    assert new_stock(outcome) == 11
    gate.opened.set()
    await first


async def test_requests_of_other_kinds_and_settings_wait_for_none(shop: Shop) -> None:
    ids = await shop.put(10, 10, 10)
    first, gate = await held(shop, shop.patch((ids[0], PATCH)))

    async with asyncio.timeout(10):
        await shop.update([(ids[1], 1)])
        await shop.patch((ids[2], PATCH), expire_in=_AN_HOUR)

    assert not first.done()
    gate.opened.set()
    await first
    lasting = {str(one["_id"]) for one in shop.products.find({"expiresAt": None})}
    assert lasting == {ids[0], ids[1]}


async def test_of_one_product_the_order_is_that_of_arrival(shop: Shop) -> None:
    """Each expects the stock that the one before it leaves; one of them is in two chunks."""
    a, b, *rest = await shop.put(*[10] * 6)
    first, gate = await held(shop, shop.update([(a, 1, 10)]))
    tasks = await in_line(
        shop.update([(a, 1, 11), (b, 1, 10)]),
        shop.update([(one, 1) for one in (*rest, a, b)], batch_size=2),
        shop.update([(b, 1, 12), (a, 1, 13)]),
        shop.update([(a, 1, 14)], atomic=True),
        shop.update([(a, 1, 15)]),
    )
    gate.opened.set()

    answers = [await first, *(await asyncio.gather(*tasks))]

    assert [codes(answer) for answer in answers] == [[None] * len(answer) for answer in answers]
    assert shop.stocks() == {a: 16, b: 13} | dict.fromkeys(rest, 11)


async def test_a_chain_over_a_big_request_ends_at_once(shop: Shop) -> None:
    """The last shares a product with the big one, which shares one with the first."""
    a, b = await shop.put(10, 10)
    first, gate = await held(shop, shop.update([NOTHING]))
    tasks = await in_line(
        shop.update([(a, 1)]),
        shop.update([(a, 1, 11), (b, 1)], atomic=True),
        shop.update([(b, 1)]),
    )
    gate.opened.set()

    async with asyncio.timeout(4):  # less than the patience of a turn
        answers = await asyncio.gather(first, *tasks)

    assert [new_stock(one) for answer in answers for one in answer] == [None, 11, 12, 11, 12]


async def test_a_caller_that_hangs_up_takes_nothing_with_it(shop: Shop) -> None:
    a, b = await shop.put(10, 10)
    first, gate = await held(shop, shop.update([(a, 1)]))
    one, gone, last = await in_line(
        shop.update([(b, 1)]),
        shop.update([(a, 1), (b, 1)]),
        shop.update([(a, 1, 11), (b, 1, 11)]),
    )
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    gate.opened.set()

    answers = await asyncio.gather(first, one, last)

    assert [new_stock(each) for answer in answers for each in answer] == [11, 11, 12, 12]
    assert len(shop.rows()) == 4


async def test_a_caller_that_hangs_up_after_its_group_has_begun_is_written(shop: Shop) -> None:
    a, b = await shop.put(10, 10)
    first, gate = await held(shop, shop.update([NOTHING]))
    gone, stays = await in_line(shop.update([(a, 1)]), shop.update([(b, 1)]))
    second = hold_next(shop)
    gate.opened.set()
    await reached(second)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    second.opened.set()
    await asyncio.gather(first, stays)

    assert shop.stocks() == {a: 11, b: 11}


async def test_a_stopping_server_waits_for_those_that_wait(shop: Shop) -> None:
    a, b = await shop.put(10, 10)
    first, gate = await held(shop, shop.update([(a, 1)]))
    tasks = await in_line(shop.update([(b, 1)]), shop.update([(a, 1), (b, 1)]))
    draining = asyncio.create_task(shop.engine.drain())
    gate.opened.set()
    await draining

    assert shop.stocks() == {a: 12, b: 12}
    await asyncio.gather(first, *tasks)


async def test_a_large_batch_in_every_slot_does_not_hold_up_a_small_request(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    async with open_shop(mongod.uri, driver_name) as shop:
        *many, one = await shop.put(*[10] * 25)
        admission, slots = shop.engine._admission, asyncio.Semaphore(0)
        admission._slots, free = slots, admission._slots
        large = asyncio.create_task(shop.update([(each, 1) for each in many], batch_size=3))

        (outcome,) = await shop.update([(one, 1)])

        assert new_stock(outcome) == 11
        assert not large.done()
        admission._slots = free
        for _ in many:
            slots.release()
        assert codes(await large) == [None] * 24


async def test_small_requests_do_not_starve_a_large_one(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    """Callers go on and on with the products of a batch that arrives among them."""
    async with open_shop(mongod.uri, driver_name) as shop:
        ids = await shop.put(*[0] * 100)
        is_done, count = asyncio.Event(), 0

        async def caller(dice: random.Random) -> None:
            nonlocal count
            while not is_done.is_set():
                await shop.update([(one, 1) for one in dice.sample(ids, 5)])
                count += 5

        callers = [asyncio.create_task(caller(random.Random(seed))) for seed in range(8)]
        async with asyncio.timeout(60):
            outcomes = await shop.update([(one, 1) for one in ids], batch_size=20)
        is_done.set()
        await asyncio.gather(*callers)

        assert codes(outcomes) == [None] * 100
        assert sum(shop.stocks().values()) == count + 100
