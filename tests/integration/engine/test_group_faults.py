"""Let something go wrong with one request of a group, or with the database under all of them."""

import asyncio

import pytest
from bson import ObjectId

from server.domain.item_error import ItemErrorCode
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.grouping import (
    NOTHING,
    held,
    in_line,
    open_grouping_shop,
    sharing,
)
from tests.support.outcomes import codes, new_stock
from tests.support.shop import Shop

INTERNAL, WRITE_CONFLICT = ItemErrorCode.INTERNAL, ItemErrorCode.WRITE_CONFLICT


@pytest.fixture
def shop(grouping_shop: Shop) -> Shop:
    """Take a shop in which a group waits until the one before it has ended."""
    return grouping_shop


async def test_poison_fails_alone(shop: Shop) -> None:
    ids = await shop.put(*[10] * 4)
    opening = shop.stocks()
    shop.spoil(ids[1])

    answers = await sharing(
        shop,
        shop.update([(ids[0], 1)]),
        shop.update([(ids[3], 1), (ids[1], 1)]),
        shop.update([(ids[2], 1), (ids[0], 1, 11)]),
    )

    assert [codes(answer) for answer in answers] == [[None], [None, INTERNAL], [None, None]]
    assert [one.index for one in answers[1]] == [0, 1]
    assert answers[1][1].error.path == ("updates", "1")
    shop.assert_ledger_explains(opening)
    assert len(shop.rows()) == 5


async def test_a_duplicate_key_fails_alone(shop: Shop) -> None:
    shop.products.create_index("name", unique=True)
    await shop.put(1, name="Taken")

    answers = await sharing(
        shop,
        shop.create({"name": "One"}),
        shop.create({"name": "Two"}, {"name": "Taken"}),
        shop.create({"name": "Three"}),
        hold=shop.create({"name": ""}),
    )

    assert [codes(one) for one in answers] == [[None], [None, ItemErrorCode.DUPLICATE_KEY], [None]]
    assert [one.index for one in answers[1]] == [0, 1]
    assert {one["name"] for one in shop.products.find()} == {"Taken", "One", "Two", "Three"}


async def test_too_many_rows_are_too_many_for_their_own_request_only(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.mongo.products.ledger.MOST_ROWS", 3)
    small, fits, large = await shop.put(10, 10, 10)
    for one, count in ((small, 2), (fits, 3), (large, 4)):
        await shop.update([(one, 1)] * count)

    answers = await sharing(
        shop, *(shop.delete(one, cascade=True) for one in (small, fits, large)),
        hold=shop.delete(""),
    )  # fmt: skip

    assert [codes(one) for one in answers] == [[None], [None], [ItemErrorCode.HAS_STOCK_UPDATES]]
    assert list(shop.stocks()) == [large]
    assert len(shop.rows()) == 4


async def test_a_lock_of_somebody_else_holds_up_no_other_request(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    async with open_grouping_shop(mongod, driver_name, deadline_seconds=60.0) as shop:
        ids = await shop.put(10, 10, 10)
        with shop.admin.start_session() as session, session.start_transaction():
            theirs = {"$set": {"price": 1}}
            shop.products.update_one({"_id": ObjectId(ids[1])}, theirs, session=session)
            task, gate = await held(shop, shop.update([NOTHING]))
            one, locked, both, other = await in_line(
                shop.update([(ids[0], 1)]),
                shop.update([(ids[1], 1)]),
                shop.update([(ids[1], 1, 11), (ids[2], 1)]),
                shop.update([(ids[0], 1, 11)]),
            )
            gate.opened.set()

            assert [new_stock(each) for each in await one + await other] == [11, 12]
            assert new_stock((await shop.update([(ids[0], 1)]))[0]) == 13
            assert not locked.done()
            assert not both.done()
            session.abort_transaction()
        await task
        assert [new_stock(each) for each in await locked + await both] == [11, 12, 11]


async def test_a_lock_that_outlasts_the_deadline_fails_its_own_request_only(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    async with open_grouping_shop(mongod, driver_name, deadline_seconds=0.3) as shop:
        ids = await shop.put(10, 10)
        with shop.admin.start_session() as session, session.start_transaction():
            theirs = {"$set": {"price": 1}}
            shop.products.update_one({"_id": ObjectId(ids[1])}, theirs, session=session)

            answers = await sharing(shop, shop.update([(ids[0], 1)]), shop.update([(ids[1], 1)]))

            assert [codes(one) for one in answers] == [[None], [WRITE_CONFLICT]]
            session.abort_transaction()
        assert shop.stocks() == {ids[0]: 11, ids[1]: 10}
        assert [row["status"] for row in shop.rows()] == ["applied", "failed"]


async def test_a_commit_whose_answer_is_lost_is_not_run_again(shop: Shop) -> None:
    ids = await shop.put(10, 10)
    task, gate = await held(shop, shop.update([NOTHING]))
    tasks = await in_line(shop.update([(ids[0], 1)]), shop.update([(ids[1], 2), (ids[0], 1)]))
    with shop.failing("commitTransaction", mode={"times": 3}, closeConnection=True):
        gate.opened.set()
        answers = await asyncio.gather(task, *tasks)

    assert [new_stock(one) for answer in answers for one in answer] == [None, 11, 12, 12]
    assert shop.stocks() == {ids[0]: 12, ids[1]: 12}
    assert [row["quantity"] for row in shop.rows()] == [1, 2, 1]


async def test_all_are_told_that_a_commit_is_unknown(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    async with open_grouping_shop(
        mongod, driver_name, deadline_seconds=0.2, settle_seconds=0.5
    ) as shop:
        ids = await shop.put(10, 10)
        task, gate = await held(shop, shop.update([NOTHING]))
        tasks = await in_line(
            shop.update([(ids[0], 1)]), shop.update([("nonsense", 1), (ids[1], 2)])
        )
        shop.commands.on_start = lambda name: (
            shop.fail("find", "commitTransaction", mode="alwaysOn", closeConnection=True)
            if name == "commitTransaction"
            else None
        )
        with shop.failing("ping", mode="alwaysOn", closeConnection=True):
            gate.opened.set()
            _, first, second = await asyncio.gather(task, *tasks)

        assert codes(first) == [ItemErrorCode.UNAVAILABLE]
        assert codes(second) == [ItemErrorCode.INVALID_PRODUCT_ID, ItemErrorCode.UNAVAILABLE]
        assert [one.index for one in second] == [0, 1]
        for unknown in (first[0], second[1]):
            assert "not known" in unknown.error.message
            assert not unknown.error.retryable
        assert shop.commands.names.count("insert") == 1


async def test_an_outage_fails_those_that_share_and_nothing_else(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    async with open_grouping_shop(mongod, driver_name, deadline_seconds=0.2) as shop:
        ids = await shop.put(10, 10)
        task, gate = await held(shop, shop.update([NOTHING]))
        tasks = await in_line(*(shop.update([(one, 1)]) for one in ids))
        with shop.failing("find", "update", "insert", mode="alwaysOn", closeConnection=True):
            gate.opened.set()
            answers = await asyncio.gather(*tasks)
        await task

        assert [codes(one) for one in answers] == [[ItemErrorCode.UNAVAILABLE]] * 2
        assert all(one[0].error.retryable for one in answers)
        assert (shop.stocks(), shop.rows()) == (dict.fromkeys(ids, 10), [])

        answers = await asyncio.gather(*(shop.update([(one, 1)]) for one in ids))
        assert [codes(one) for one in answers] == [[None]] * 2


async def test_a_database_that_comes_back_in_time_is_asked_again(shop: Shop) -> None:
    ids = await shop.put(10, 10)
    task, gate = await held(shop, shop.update([NOTHING]))
    tasks = await in_line(*(shop.update([(one, 1)]) for one in ids))
    with shop.failing("find", "update", "insert", mode={"times": 5}, closeConnection=True):
        gate.opened.set()
        answers = await asyncio.gather(*tasks)
    await task

    assert [codes(one) for one in answers] == [[None]] * 2
    assert shop.stocks() == dict.fromkeys(ids, 11)
    assert len(shop.rows()) == 2
