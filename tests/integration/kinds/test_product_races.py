"""Create, change and delete the same products at the same time, through two servers."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from bson import ObjectId

from server.domain.clock import utc_now
from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed, Outcome
from server.kinds.create_products.rules import Created
from server.kinds.delete_products.rules import Deleted
from server.kinds.update_products.rules import Updated
from server.kinds.update_stock.rules import Applied
from server.mongo.connection.embedded import EmbeddedMongod
from server.mongo.products.documents import to_product
from tests.support.interference import once_answered
from tests.support.outcomes import code
from tests.support.shop import Shop, open_shop

CALLERS = 16


@pytest.fixture
async def other(shop: Shop, mongod: EmbeddedMongod) -> AsyncIterator[Shop]:
    """Open another server on the same database: they conflict instead of taking turns.

    The test must look at the database before this server closes.
    """
    async with open_shop(mongod.uri, "pymongo", database=shop.database) as opened:
        yield opened


def assert_each_existing_product_is_explained(shop: Shop, opening: dict[str, int]) -> None:
    """Check stock = opening + applied rows, and that only existing products have applied rows."""
    applied = shop.applied()
    assert shop.stocks() == {one: opening[one] + applied.get(one, 0) for one in shop.stocks()}
    assert applied.keys() <= shop.stocks().keys()


def add_stock(shop: Shop, product_id: str, quantity: int) -> None:
    """Commit what a stock update of another server would."""
    key = {"_id": ObjectId(product_id)}
    with shop.admin.start_session() as session, session.start_transaction():
        shop.products.update_one(key, {"$inc": {"stock": quantity}}, session=session)
        row = {
            "productId": ObjectId(product_id),
            "quantity": quantity,
            "timestamp": utc_now(),
            "status": "applied",
            "reason": "adjustment",
            "newStock": shop.products.find_one(key, session=session)["stock"],
        }
        shop.stock_updates.insert_one(row, session=session)


async def test_16_callers_create_each_id_exactly_once(shop: Shop, other: Shop) -> None:
    """Every second caller's batch is one transaction, the others commit chunk by chunk."""
    ids = [str(ObjectId()) for _ in range(30)]
    dice = random.Random(2026)
    wanted = [dice.sample(ids, 10) for _ in range(CALLERS)]

    async def caller(number: int) -> list[Outcome]:
        products = [{"own_id": one, "name": f"of {number}"} for one in wanted[number]]
        server = (shop, other)[number % 4 // 2]
        options = {"atomic": number % 2 == 0, "continue_on_error": True, "batch_size": 4}
        return list(await server.create(*products, **options))

    answers = await asyncio.gather(*map(caller, range(CALLERS)))

    creators = {
        one.product.id: f"of {number}"
        for number, answer in enumerate(answers)
        for one in answer
        if isinstance(one, Created)
    }
    created = [one for answer in answers for one in answer if isinstance(one, Created)]
    refused = [one for answer in answers for one in answer if isinstance(one, Failed)]
    assert len(created) == len(creators)
    assert creators.keys() == {one for each in wanted for one in each}
    assert {str(one["_id"]): one["name"] for one in shop.products.find()} == creators
    assert {code(one) for one in refused} == {ItemErrorCode.DUPLICATE_KEY}
    assert len(created) + len(refused) == CALLERS * 10


async def test_of_two_atomic_creations_that_overlap_exactly_one_happens(
    shop: Shop, other: Shop
) -> None:
    for _ in range(15):
        left, shared, right = (str(ObjectId()) for _ in range(3))

        answers = await asyncio.gather(
            shop.create({"own_id": left}, {"own_id": shared}, atomic=True),
            other.create({"own_id": shared}, {"own_id": right}, atomic=True),
        )

        won = [all(isinstance(one, Created) for one in answer) for answer in answers]
        assert sorted(won) == [False, True]
        lost = {code(one) for one in answers[won.index(False)]}
        assert lost == {ItemErrorCode.DUPLICATE_KEY, ItemErrorCode.ROLLED_BACK}
        kept = {left, shared} if won[0] else {shared, right}
        assert kept == {left, shared, right} & shop.stocks().keys()


async def test_16_callers_delete_products_while_others_update_their_stock(
    shop: Shop, other: Shop
) -> None:
    ids = await shop.put(*[100] * 40)
    opening, doomed = shop.stocks(), ids[:30]
    dice = random.Random(2026)

    async def seller(server: Shop, seed: float) -> list[Outcome]:
        own, outcomes = random.Random(seed), []
        for _ in range(8):
            named = own.sample(ids, 8)
            outcomes += await server.update([(one, own.randint(-9, 9)) for one in named])
        return outcomes

    async def deleter(server: Shop, seed: float) -> list[Outcome]:
        own, outcomes = random.Random(seed), []
        for _ in range(4):
            outcomes += await server.delete(*own.sample(doomed, 4), cascade=True)
        return outcomes

    servers = [shop, other] * (CALLERS // 2)
    answers = await asyncio.gather(
        *(seller(server, dice.random()) for server in servers),
        *(deleter(server, dice.random()) for server in servers),
    )

    sold, deleted = answers[:CALLERS], answers[CALLERS:]
    gone = Counter(one.product_id for each in deleted for one in each if isinstance(one, Deleted))
    assert set(gone.values()) == {1}
    assert shop.stocks().keys() == opening.keys() - gone.keys()
    assert_each_existing_product_is_explained(shop, opening)
    refused = {code(one) for each in [*sold, *deleted] for one in each} - {None}
    assert refused == {ItemErrorCode.PRODUCT_NOT_FOUND}
    told = sum(one.quantity for each in sold for one in each if isinstance(one, Applied))
    taken = sum(
        one.product.stock - 100 for each in deleted for one in each if isinstance(one, Deleted)
    )
    assert sum(shop.applied().values()) == told - taken
    assert shop.retries("conflict") + other.retries("conflict") > 0


async def test_16_callers_change_fields_and_stock_without_losing_either(
    shop: Shop, other: Shop
) -> None:
    """Half of them set name and price, the other half moves the stock, on either server."""
    ids = await shop.put(*[100] * 5)
    opening = shop.stocks()

    async def caller(number: int) -> list[Outcome]:
        server, outcomes = (shop, other)[number % 2], []
        for turn in range(4):
            mark = number * 10 + turn
            if number % 4 < 2:
                patch = {"name": f"Cup {mark}", "price": mark}
                outcomes += await server.patch(*((one, patch) for one in ids))
            else:
                outcomes += await server.update([(one, 1) for one in reversed(ids)])
        return outcomes

    answers = await asyncio.gather(*map(caller, range(CALLERS)))

    assert [code(one) for each in answers for one in each] == [None] * CALLERS * 4 * 5
    shop.assert_ledger_explains(opening)
    assert set(shop.stocks().values()) == {100 + CALLERS // 2 * 4}
    for one in shop.products.find():
        assert one["name"] == f"Cup {one['price']}"


async def test_of_two_updates_of_one_product_one_stays_whole(shop: Shop, other: Shop) -> None:
    for _ in range(15):
        (one,) = await shop.put(10)

        answers = await asyncio.gather(
            shop.patch((one, {"name": "a", "price": 1})),
            other.patch((one, {"name": "b", "price": 2})),
        )

        told = [answer[0].product for answer in answers if isinstance(answer[0], Updated)]
        assert [(each.name, each.price) for each in told] == [("a", 1), ("b", 2)]
        stored = to_product(shop.products.find_one({"_id": ObjectId(one)}))
        assert stored in told


async def test_two_updates_of_different_fields_of_one_product_are_both_kept(
    shop: Shop, other: Shop
) -> None:
    """The second update has seen the first one, and its answer shows both."""
    for _ in range(15):
        (one,) = await shop.put(10)

        answers = await asyncio.gather(
            shop.patch((one, {"name": "New"})), other.patch((one, {"price": 7}))
        )

        told = [answer[0].product for answer in answers if isinstance(answer[0], Updated)]
        assert len(told) == 2
        assert Counter((each.name, each.price) == ("New", 7) for each in told) == {
            True: 1,
            False: 1,
        }
        stored = shop.products.find_one({"_id": ObjectId(one)})
        assert (stored["name"], stored["price"], stored["stock"]) == ("New", 7, 10)


async def test_an_update_that_meets_another_one_is_decided_anew(shop: Shop) -> None:
    """The other one commits between the reading and the writing."""
    (one,) = await shop.put(10)
    theirs = {"$set": {"category": "theirs"}}
    once_answered(shop, "find", lambda: shop.products.update_one({"_id": ObjectId(one)}, theirs))

    (outcome,) = await shop.patch((one, {"name": "New"}))

    assert isinstance(outcome, Updated)
    assert (outcome.product.name, outcome.product.category) == ("New", "theirs")
    assert shop.retries("conflict") == 1
    stored = shop.products.find_one()
    assert (stored["name"], stored["category"]) == ("New", "theirs")


async def test_an_update_of_a_product_that_is_deleted_meanwhile_does_not_bring_it_back(
    shop: Shop,
) -> None:
    (one,) = await shop.put(10)
    once_answered(shop, "find", lambda: shop.products.delete_one({"_id": ObjectId(one)}))

    (outcome,) = await shop.patch((one, {"name": "New"}))

    assert code(outcome) is ItemErrorCode.PRODUCT_NOT_FOUND
    assert shop.stocks() == {}


async def test_an_update_of_a_product_that_is_discontinued_meanwhile_is_refused(
    shop: Shop,
) -> None:
    (one,) = await shop.put(0)
    theirs = {"$set": {"discontinued": True}}
    once_answered(shop, "find", lambda: shop.products.update_one({"_id": ObjectId(one)}, theirs))

    (outcome,) = await shop.patch((one, {"name": "New"}))

    assert code(outcome) is ItemErrorCode.PRODUCT_DISCONTINUED
    assert shop.products.find_one()["name"] == "Cup"


@pytest.mark.parametrize("command", ["find", "aggregate"])
async def test_a_deletion_does_not_overlook_the_stock_update_that_came_in_between(
    shop: Shop, command: str
) -> None:
    (one,) = await shop.put(10)
    opening = shop.stocks()
    once_answered(shop, command, lambda: add_stock(shop, one, 5))

    (outcome,) = await shop.delete(one)

    assert code(outcome) is ItemErrorCode.HAS_STOCK_UPDATES
    shop.assert_ledger_explains(opening)
    assert shop.stocks() == {one: 15}


@pytest.mark.parametrize("command", ["find", "aggregate", "delete"])
async def test_a_cascade_takes_the_stock_update_that_came_in_between_with_it(
    shop: Shop, command: str
) -> None:
    """It comes after our rows are deleted, and before the product is."""
    (one,) = await shop.put(10)
    await shop.update([(one, 1)])
    once_answered(shop, command, lambda: add_stock(shop, one, 5))

    (outcome,) = await shop.delete(one, cascade=True)

    assert isinstance(outcome, Deleted)
    assert (outcome.product.stock, outcome.cascaded) == (16, 2)
    assert (shop.stocks(), shop.rows()) == ({}, [])


async def test_a_failed_row_that_comes_in_between_is_not_told_as_deleted(shop: Shop) -> None:
    """Nothing of the product changed, so it is no conflict: the row counts as written after it."""
    (one,) = await shop.put(10)
    await shop.update([(one, 1), (one, -99)])
    theirs = {**shop.rows(status="failed")[0], "_id": ObjectId()}
    once_answered(shop, "find", lambda: shop.stock_updates.insert_one(theirs))

    (outcome,) = await shop.delete(one, cascade=True)

    assert isinstance(outcome, Deleted)
    assert outcome.cascaded == 2
    assert shop.stocks() == {}
    assert shop.rows() == [theirs]


async def test_a_deletion_without_cascade_leaves_no_row_of_a_product_that_is_gone(
    shop: Shop, other: Shop
) -> None:
    kinds = Counter[bool]()
    for _ in range(20):
        (one,) = await shop.put(10)
        updating, deleting = shop.update([(one, 5)]), other.delete(one)

        (updated,), (deleted,) = await asyncio.gather(updating, deleting)

        kinds[isinstance(deleted, Deleted)] += 1
        if isinstance(deleted, Deleted):
            assert code(updated) is ItemErrorCode.PRODUCT_NOT_FOUND
            assert one not in shop.stocks()
            assert one not in shop.applied()
        else:
            assert isinstance(updated, Applied)
            assert code(deleted) is ItemErrorCode.HAS_STOCK_UPDATES
            assert (shop.stocks()[one], shop.applied()[one]) == (15, 5)
    assert sum(kinds.values()) == 20


async def test_a_product_is_deleted_by_one_caller_only(shop: Shop, other: Shop) -> None:
    ids = await shop.put(*[10] * 5)

    answers = await asyncio.gather(
        *((shop, other)[number % 2].delete(*ids, atomic=True) for number in range(CALLERS))
    )

    codes = Counter(code(one) for answer in answers for one in answer)
    won = [all(isinstance(one, Deleted) for one in answer) for answer in answers]
    assert won.count(True) == 1
    assert codes == {None: 5, ItemErrorCode.PRODUCT_NOT_FOUND: 5 * (CALLERS - 1)}
    assert shop.stocks() == {}
