"""End a batch at its first failure, including one that the database causes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from bson import ObjectId

from server.domain.clock import utc_now
from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed, Outcome
from server.domain.product import Product
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from server.mongo.products.documents import from_product
from tests.support.shop import Shop, open_shop

UNAVAILABLE, NOT_ATTEMPTED = ItemErrorCode.UNAVAILABLE, ItemErrorCode.NOT_ATTEMPTED
WRITE_CONFLICT = ItemErrorCode.WRITE_CONFLICT
EVERYTHING = ("find", "aggregate", "update", "insert", "delete", "commitTransaction")
OPTIONS: dict[str, Any] = {"batch_size": 2, "continue_on_error": False}  # three chunks of two items


@pytest.fixture
async def shop(mongod: EmbeddedMongod, driver_name: DriverName) -> AsyncIterator[Shop]:
    """Open a shop that soon gives up."""
    async with open_shop(
        mongod.uri, driver_name, deadline_seconds=0.3, settle_seconds=1.0
    ) as opened:
        try:
            yield opened
        finally:
            opened.fail(mode="off")


@dataclass
class Six:
    """A batch of six items, and which of them took effect."""

    shop: Shop
    kind: str
    ids: Sequence[str]

    async def run(self, **options: Any) -> Sequence[Outcome]:
        options = OPTIONS | options
        match self.kind:
            case "create":
                return await self.shop.create(*({"own_id": one} for one in self.ids), **options)
            case "update":
                return await self.shop.patch(
                    *((one, {"name": "New"}) for one in self.ids), **options
                )
            case _:
                return await self.shop.delete(*self.ids, **options)

    def applied(self) -> list[int]:
        query = {"name": "New"} if self.kind == "update" else {}
        found = {str(one["_id"]) for one in self.shop.products.find(query)}
        return [
            place for place, one in enumerate(self.ids) if (one in found) is (self.kind != "delete")
        ]


@pytest.fixture(params=["create", "update", "delete"])
async def six(shop: Shop, request: pytest.FixtureRequest) -> Six:
    if request.param == "create":
        return Six(shop, request.param, [str(ObjectId()) for _ in range(6)])
    return Six(shop, request.param, await shop.put(*[10] * 6))


def codes(outcomes: Sequence[Outcome]) -> list[ItemErrorCode | None]:
    assert [one.index for one in outcomes] == list(range(len(outcomes)))
    return [one.error.code if isinstance(one, Failed) else None for one in outcomes]


def after_first_commit(shop: Shop, act: Callable[[], object]) -> None:
    """Call `act` when the first commit has been answered, before the engine goes on."""

    def hook(name: str) -> None:
        if name == "commitTransaction":
            shop.commands.on_end = lambda _name: None
            act()

    shop.commands.on_end = hook


def creation_of(product_id: str) -> Product:
    now = utc_now()
    return Product(
        id=product_id,
        name="Theirs",
        price=1,
        stock=1,
        category="theirs",
        discontinued=False,
        created_at=now,
        updated_at=now,
    )


@contextmanager
def held_by_somebody(six: Six, place: int) -> Iterator[None]:
    """Hold the item's product in a transaction of another server that never ends."""
    key = {"_id": ObjectId(six.ids[place])}
    with six.shop.admin.start_session() as session:
        session.start_transaction()
        if six.kind == "create":
            theirs = from_product(creation_of(six.ids[place]))
            six.shop.products.insert_one(theirs, session=session)
        else:
            six.shop.products.update_one(key, {"$set": {"price": 1}}, session=session)
        try:
            yield
        finally:
            session.abort_transaction()


async def test_an_outage_in_the_second_chunk_leaves_the_third_untried(shop: Shop, six: Six) -> None:
    after_first_commit(shop, lambda: shop.fail(*EVERYTHING, mode="alwaysOn", closeConnection=True))
    outcomes = await six.run()

    assert codes(outcomes) == [None, None, UNAVAILABLE, UNAVAILABLE, NOT_ATTEMPTED, NOT_ATTEMPTED]
    assert all(one.error.retryable for one in outcomes if isinstance(one, Failed))
    assert six.applied() == [0, 1]


async def test_a_conflict_that_outlasts_the_deadline_leaves_the_third_chunk_untried(
    shop: Shop, six: Six
) -> None:
    with held_by_somebody(six, 3):
        outcomes = await six.run()

    assert codes(outcomes) == [
        None, None, WRITE_CONFLICT, WRITE_CONFLICT, NOT_ATTEMPTED, NOT_ATTEMPTED
    ]  # fmt: skip
    assert all(one.error.retryable for one in outcomes if isinstance(one, Failed))
    assert six.applied() == [0, 1]


async def test_a_bad_item_behind_a_conflict_is_not_tried_either(shop: Shop) -> None:
    ids = await shop.put(*[10] * 6)
    patches = [(one, {"name": "New"}) for one in ids]
    patches[5] = (ids[5], {"name": ""})
    with held_by_somebody(Six(shop, "update", ids), 3):
        outcomes = await shop.patch(*patches, **OPTIONS)

    assert codes(outcomes) == [
        None, None, WRITE_CONFLICT, WRITE_CONFLICT, NOT_ATTEMPTED, NOT_ATTEMPTED
    ]  # fmt: skip


async def test_a_second_chunk_whose_commit_is_unknown_leaves_the_third_untried(
    shop: Shop, six: Six
) -> None:
    """Its items may have taken effect: no answer may say that they can be sent again."""

    def second_commit(name: str) -> None:
        if shop.commands.names.count("commitTransaction") == 2:
            shop.commands.on_start = lambda _name: None
            shop.fail("find", "commitTransaction", mode="alwaysOn", closeConnection=True)

    shop.commands.on_start = second_commit
    outcomes = await six.run()

    assert codes(outcomes) == [None, None, UNAVAILABLE, UNAVAILABLE, NOT_ATTEMPTED, NOT_ATTEMPTED]
    retryable = [one.error.retryable for one in outcomes if isinstance(one, Failed)]
    assert retryable == [False, False, True, True]
    assert six.applied() == [0, 1]


async def test_a_second_chunk_that_takes_effect_unconfirmed_is_followed_by_the_third(
    shop: Shop, six: Six
) -> None:
    lost = {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}}
    after_first_commit(shop, lambda: shop.fail("commitTransaction", mode={"times": 2}, **lost))
    outcomes = await six.run()

    assert codes(outcomes) == [None] * 6
    assert six.applied() == [0, 1, 2, 3, 4, 5]


async def test_the_chunks_commit_one_after_another(shop: Shop, six: Six) -> None:
    under_way, most = 0, 0

    def began(name: str) -> None:
        nonlocal under_way, most
        if name == "commitTransaction":
            under_way += 1
            most = max(most, under_way)

    def ended(name: str) -> None:
        nonlocal under_way
        if name == "commitTransaction":
            under_way -= 1

    shop.commands.on_start, shop.commands.on_end = began, ended
    outcomes = await six.run()

    assert codes(outcomes) == [None] * 6
    assert shop.commands.names.count("commitTransaction") == 3
    assert most == 1


async def test_of_a_caller_who_hangs_up_the_chunks_under_way_end_and_no_other_begins(
    shop: Shop, six: Six
) -> None:
    """Of six chunks four are under way: half of the slots."""
    loop, under_way = asyncio.get_running_loop(), asyncio.Event()
    shop.commands.on_start = lambda name: (
        loop.call_soon_threadsafe(under_way.set) if name == "commitTransaction" else None
    )
    with shop.failing(
        "commitTransaction", mode={"times": 1}, blockConnection=True, blockTimeMS=300
    ):
        caller = asyncio.create_task(six.run(batch_size=1))
        await asyncio.wait_for(under_way.wait(), 10)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        await shop.engine.drain()

    assert six.applied() == [0, 1, 2, 3]
    assert shop.commands.names.count("commitTransaction") == 4
