"""Sweep while others change the same products, or have just changed them."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from server.domain.outcome import Failed
from server.jobs.expiry_sweep import ROWS_AT_ONCE
from server.kinds.create_products.rules import Created
from server.kinds.update_products.rules import SentPatch, Updated
from server.kinds.update_stock.rules import Applied
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.interference import before, under_way
from tests.support.products.expiring import AN_HOUR, DUE, JUST_BEFORE, documents
from tests.support.products.sweeping import (
    SLOW_MS,
    put_expired,
    put_off,
    put_rows,
    rows_of,
    sweep_of,
)
from tests.support.shop import Shop, open_shop


@pytest.mark.parametrize("delete", [1, 2], ids=["before the rows go", "before the product goes"])
async def test_a_product_that_is_put_off_meanwhile_stays_with_its_rows(
    shop: Shop, delete: int
) -> None:
    rescued, doomed = await put_expired(shop, 2, rows=3)
    before(shop, "delete", lambda: put_off(shop, rescued), number=delete)

    swept = await sweep_of(shop).run_once()

    assert swept == 1
    assert shop.retries("conflict") == 1
    assert list(shop.stocks()) == [rescued]
    assert (rows_of(shop, rescued), rows_of(shop, doomed)) == (3, 0)


async def test_a_product_with_more_rows_than_fit_that_is_put_off_meanwhile_stays_with_all_of_them(
    shop: Shop,
) -> None:
    (rescued,) = await put_expired(shop, 1, rows=ROWS_AT_ONCE + 1)
    before(shop, "delete", lambda: put_off(shop, rescued))

    swept = await sweep_of(shop).run_once()

    assert swept == 0
    assert list(shop.stocks()) == [rescued]
    assert rows_of(shop, rescued) == ROWS_AT_ONCE + 1


@asynccontextmanager
async def committing_late(shop: Shop, call: Any) -> AsyncIterator[asyncio.Task[Any]]:
    """Run a call that is decided in the last millisecond, and commits when it is too late."""
    shop.clock.stand_at(JUST_BEFORE)
    with shop.failing(
        "commitTransaction", mode={"times": 1}, blockConnection=True, blockTimeMS=SLOW_MS
    ):
        caller = asyncio.create_task(call)
        await under_way(shop, "commitTransaction")
        shop.clock.stand_at(DUE)
        yield caller
        await caller


@pytest.mark.parametrize("rows", [3, ROWS_AT_ONCE + 1])
async def test_a_field_update_of_the_last_millisecond_that_commits_late_rescues_it(
    shop: Shop, rows: int
) -> None:
    (rescued,) = await put_expired(shop, 1, rows=rows)

    async with committing_late(shop, shop.patch((rescued, {"price": 7}), expire_in=AN_HOUR)) as own:
        swept = await sweep_of(shop).run_once()
        (outcome,) = await own

    assert isinstance(outcome, Updated)
    assert swept == 0
    assert list(shop.stocks()) == [rescued]
    assert rows_of(shop, rescued) == rows


async def test_a_stock_update_of_the_last_millisecond_that_commits_late_goes_with_its_product(
    shop: Shop,
) -> None:
    (expiring,) = await put_expired(shop, 1, rows=3)

    async with committing_late(shop, shop.update([(expiring, 5)])) as update:
        swept = await sweep_of(shop).run_once()
        (outcome,) = await update

    assert isinstance(outcome, Applied)
    assert swept == 1
    assert documents(shop) == {"products": [], "stockUpdates": []}


async def test_a_product_that_has_lost_rows_is_gone_for_a_slow_clock_too(shop: Shop) -> None:
    """A server whose clock is behind must not save a product whose ledger is no longer whole."""
    (expiring,) = await put_expired(shop, 1, rows=ROWS_AT_ONCE + 1)
    await shop.runner.run(sweep_of(shop)._sweep_part)
    assert rows_of(shop, expiring) == 1

    shop.clock.stand_at(JUST_BEFORE)
    (outcome,) = await shop.patch((expiring, {"price": 7}), expire_in=AN_HOUR)
    shop.clock.stand_at(DUE)
    swept = await sweep_of(shop).run_once()

    assert isinstance(outcome, Failed)
    assert swept == 1
    assert documents(shop) == {"products": [], "stockUpdates": []}


async def test_a_failed_stock_update_of_the_last_millisecond_that_commits_late_leaves_its_row(
    shop: Shop,
) -> None:
    """The row of an unknown product stays too. It changed nothing, so it conflicts with nothing."""
    (expiring,) = await put_expired(shop, 1, rows=3)

    async with committing_late(shop, shop.update([(expiring, -99)])) as update:
        await sweep_of(shop).run_once()
        (outcome,) = await update
    await sweep_of(shop).run_once()

    assert isinstance(outcome, Failed)
    assert shop.stocks() == {}
    assert [(row["status"], row["code"]) for row in shop.rows()] == [
        ("failed", "INSUFFICIENT_STOCK")
    ]


async def test_a_stock_update_that_commits_between_the_look_and_the_deletion_goes_with_its_product(
    shop: Shop,
) -> None:
    (expiring,) = await put_expired(shop, 1, rows=3)

    def commit_one() -> None:
        with shop.admin.start_session() as session, session.start_transaction():
            key = {"_id": ObjectId(expiring)}
            shop.products.update_one(key, {"$inc": {"stock": 5}}, session=session)
            row = {"quantity": 5, "timestamp": JUST_BEFORE, "status": "applied", "newStock": 15}
            named = {"productId": ObjectId(expiring), "reason": "adjustment"}
            shop.stock_updates.insert_one(row | named, session=session)

    before(shop, "delete", commit_one)

    swept = await sweep_of(shop).run_once()

    assert swept == 1
    assert shop.retries("conflict") == 1
    assert documents(shop) == {"products": [], "stockUpdates": []}


async def test_two_sweeps_at_once_sweep_everything_once(shop: Shop, mongod: EmbeddedMongod) -> None:
    (lasting,) = await shop.put(10)
    put_rows(shop, lasting)
    kept = documents(shop)
    await put_expired(shop, 350, rows=3)
    async with open_shop(mongod.uri, "pymongo", database=shop.database) as other:
        other.clock.stand_at(DUE)

        swept = await asyncio.gather(sweep_of(shop).run_once(), sweep_of(other).run_once())

        assert sum(swept) == 350
        assert documents(shop) == kept


OPENING = 50
LIFETIME = timedelta(milliseconds=30)
CALLERS = 16
ROUNDS = 20


class Life:
    """Products that expire, are swept and created again while callers change them.

    Stock only grows here, so a stock update fails only where there is no product.
    """

    def __init__(self, shop: Shop, ids: Sequence[str]) -> None:
        self.swept = self.replaced = self.applied = self.put_off = 0
        self._shop = shop
        self._ids = ids
        self._now = DUE
        self._calls = [
            *[self._update] * 3,
            *[self._put_off] * 2,
            *[self._create] * 2,
            self._delete,
            self._sweep,
        ]

    async def call(self, dice: random.Random) -> None:
        self._now += timedelta(milliseconds=dice.randint(0, 5))
        self._shop.clock.stand_at(self._now)
        await dice.choice(self._calls)(dice.sample(self._ids, 3))

    async def _update(self, ids: Sequence[str]) -> None:
        outcomes = await self._shop.update([(one, 7) for one in ids])
        self.applied += sum(isinstance(one, Applied) for one in outcomes)

    async def _put_off(self, ids: Sequence[str]) -> None:
        patches: list[tuple[str, SentPatch]] = [(one, {"price": 7}) for one in ids]
        outcomes = await self._shop.patch(*patches, expire_in=LIFETIME)
        self.put_off += sum(isinstance(one, Updated) for one in outcomes)

    async def _create(self, ids: Sequence[str]) -> None:
        products = [{"own_id": one, "stock": OPENING} for one in ids]
        outcomes = await self._shop.create(*products, expire_in=LIFETIME)
        self.replaced += sum(isinstance(one, Created) and one.replaces for one in outcomes)

    async def _delete(self, ids: Sequence[str]) -> None:
        await self._shop.delete(ids[0], cascade=True)

    async def _sweep(self, _ids: Sequence[str]) -> None:
        self.swept += await sweep_of(self._shop).run_once()


async def test_whatever_happens_meanwhile_a_product_is_there_with_its_ledger_or_gone_with_it(
    shop: Shop,
) -> None:
    life = Life(shop, await shop.put(*[OPENING] * 20, expires_at=DUE + LIFETIME))
    dice = [random.Random(seed) for seed in range(CALLERS)]

    for _ in range(ROUNDS):
        await asyncio.gather(*map(life.call, dice))

        there = shop.stocks()
        assert set(shop.applied()) <= set(there)
        shop.assert_ledger_explains(dict.fromkeys(there, OPENING))
        strays = [row for row in shop.rows() if str(row["productId"]) not in there]
        assert {row["code"] for row in strays} <= {"PRODUCT_NOT_FOUND"}
    assert min(life.swept, life.replaced, life.applied, life.put_off) > 0
