"""The sweep: what has expired goes with its whole ledger, and nothing else does."""

import asyncio
import logging
import os
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

from server.domain.create import Created
from server.domain.errors import StoreError
from server.domain.outcome import Failed
from server.domain.stock import Applied
from server.domain.update import SentPatch, Updated
from server.jobs import expiry_sweep
from server.jobs.expiry_sweep import PRODUCTS_AT_ONCE, ROWS_AT_ONCE, ExpirySweep
from server.mongo.driver import DriverName
from server.mongo.embedded import EmbeddedMongod
from tests.integration.shop import Shop, open_shop

DUE = datetime(2026, 6, 1, 12, 0, 0, 500_000, tzinfo=UTC)
A_MILLISECOND = timedelta(milliseconds=1)
JUST_BEFORE = DUE - A_MILLISECOND
AN_HOUR = timedelta(hours=1)
A_DAY = 24 * 3600.0  # seconds
SLOW_MS = 500


def sweep_of(shop: Shop, *, interval_seconds: float = A_DAY) -> ExpirySweep:
    return ExpirySweep(shop.runner, clock=shop.clock, interval_seconds=interval_seconds)


async def put_expired(shop: Shop, count: int, *, rows: int = 0) -> list[str]:
    """So many products that expire at `DUE`, which is now, with so many rows each."""
    shop.clock.stand_at(DUE)
    ids = await shop.put(*[10] * count, expires_at=DUE)
    put_rows(shop, *ids * rows)
    return ids


def put_rows(shop: Shop, *product_ids: str) -> None:
    """A row that changed nothing for each mention of a product."""
    fixed = {"quantity": 0, "timestamp": DUE - AN_HOUR, "status": "applied", "newStock": 10}
    rows = [
        fixed | {"_id": ObjectId(), "productId": ObjectId(one), "reason": "adjustment"}
        for one in product_ids
    ]
    if rows:
        shop.stock_updates.insert_many(rows)


def documents(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    """All that is stored, to see that nothing changed."""
    return {"products": list(shop.products.find().sort("_id")), "stockUpdates": shop.rows()}


def rows_of(shop: Shop, product_id: str) -> int:
    return len(shop.rows(productId=ObjectId(product_id)))


def put_off(shop: Shop, product_id: str) -> None:
    """Give it another hour, as somebody beside the sweep."""
    later = {"$set": {"expiresAt": DUE + AN_HOUR}}
    shop.products.update_one({"_id": ObjectId(product_id)}, later)


def before(shop: Shop, command: str, act: Callable[[], object], *, number: int = 1) -> None:
    """Call `act` just before the tested client sends its command of this name and number."""
    names = shop.commands.names
    earlier = names.count(command)

    def act_in_time(name: str) -> None:
        if name == command and names.count(command) == earlier + number:
            act()

    shop.commands.on_start = act_in_time


@dataclass(frozen=True)
class Left:
    """What there was after a commit: the products, and how many rows each of all had."""

    products: frozenset[str]
    rows: dict[str, int]


@contextmanager
def watched(shop: Shop) -> Iterator[list[Left]]:
    """What there is now, and after each commit of the tested client."""
    left: list[Left] = []

    def look(name: str = "commitTransaction") -> None:
        if name == "commitTransaction":
            counted = shop.stock_updates.aggregate(
                [{"$group": {"_id": "$productId", "count": {"$sum": 1}}}]
            )
            rows = {str(one["_id"]): one["count"] for one in counted}
            left.append(Left(frozenset(shop.stocks()), rows))

    look()
    shop.commands.on_end = look
    yield left
    shop.commands.on_end = lambda _name: None


def sizes(left: Sequence[Left]) -> list[tuple[int, int]]:
    """How many products and how many rows went with each part that deleted something."""
    changes = [
        (len(a.products) - len(b.products), sum(a.rows.values()) - sum(b.rows.values()))
        for a, b in pairwise(left)
    ]
    return [change for change in changes if change != (0, 0)]


async def under_way(shop: Shop, command: str, *, number: int = 1) -> None:
    """Return when the tested client has sent so many commands of this name from now on."""
    loop, begun = asyncio.get_running_loop(), asyncio.Event()
    before(shop, command, lambda: loop.call_soon_threadsafe(begun.set), number=number)
    async with asyncio.timeout(10):
        await begun.wait()


async def until(found: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not found():  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.005)


async def test_what_has_expired_goes_with_its_rows_and_nothing_else_does(shop: Shop) -> None:
    (lasting,) = await shop.put(10)
    (later,) = await shop.put(10, expires_at=DUE + A_MILLISECOND)
    unknown = str(ObjectId())
    put_rows(shop, lasting, later, unknown, later)
    kept = documents(shop)
    expired = await put_expired(shop, 3, rows=2)
    (long_ago,) = await shop.put(10, expires_at=DUE - AN_HOUR, discontinued=True)
    put_rows(shop, lasting, expired[1], long_ago)
    kept["stockUpdates"].append(shop.rows(productId=ObjectId(lasting))[-1])

    swept = await sweep_of(shop).run_once()

    assert swept == 4
    assert documents(shop) == kept


async def test_a_product_stays_until_the_millisecond_before_it_is_due(shop: Shop) -> None:
    await put_expired(shop, 1, rows=1)
    shop.clock.stand_at(JUST_BEFORE)
    there = documents(shop)

    early = await sweep_of(shop).run_once()
    left = documents(shop)
    shop.clock.stand_at(DUE)
    in_time = await sweep_of(shop).run_once()

    assert (early, left) == (0, there)
    assert (in_time, documents(shop)) == (1, {"products": [], "stockUpdates": []})


async def test_failed_rows_and_those_of_a_discontinuation_go_too(shop: Shop) -> None:
    (expiring,) = await shop.put(10, expires_at=DUE)
    shop.clock.stand_at(JUST_BEFORE)
    await shop.update([(expiring, 5), (expiring, -99), (expiring, 0.5)])
    await shop.discontinue([expiring])
    shop.clock.stand_at(DUE)

    rows = len(shop.rows())
    swept = await sweep_of(shop).run_once()

    assert (rows, swept) == (4, 1)
    assert documents(shop) == {"products": [], "stockUpdates": []}


async def test_where_nothing_has_expired_nothing_is_written(shop: Shop) -> None:
    (lasting,) = await shop.put(10)
    put_rows(shop, lasting)
    there = documents(shop)
    shop.commands.names.clear()

    swept = await sweep_of(shop).run_once()

    assert swept == 0
    assert set(shop.commands.names) <= {"find", "commitTransaction"}
    assert documents(shop) == there


async def test_a_part_takes_two_deletions_however_many_products_go_with_it(shop: Shop) -> None:
    await put_expired(shop, PRODUCTS_AT_ONCE, rows=10)
    shop.commands.names.clear()

    await sweep_of(shop).run_once()

    names = shop.commands.names
    part = names[: names.index("commitTransaction") + 1]
    assert part == ["find", "find", "delete", "delete", "insert", "commitTransaction"]
    assert set(names[len(part) :]) <= {"find", "commitTransaction"}


async def test_a_part_has_a_hundred_products_at_most(shop: Shop) -> None:
    await put_expired(shop, 350)

    with watched(shop) as left:
        swept = await sweep_of(shop).run_once()

    assert swept == 350
    assert sizes(left) == [(100, 0), (100, 0), (100, 0), (50, 0)]


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        (999, [(1, 999)]),
        (1_000, [(1, 1_000)]),
        (1_001, [(0, 1_000), (1, 1)]),
        (2_500, [(0, 1_000), (0, 1_000), (1, 500)]),
    ],
)
async def test_a_product_with_more_rows_than_a_part_may_have_goes_with_the_last_of_them(
    shop: Shop, rows: int, parts: list[tuple[int, int]]
) -> None:
    await put_expired(shop, 1, rows=rows)

    with watched(shop) as left:
        swept = await sweep_of(shop).run_once()

    assert swept == 1
    assert sizes(left) == parts


async def test_every_part_is_bounded_and_parts_no_product_from_its_rows(shop: Shop) -> None:
    dice = random.Random(2026)
    ids = await put_expired(shop, 120)
    large = ids[7]
    counts = {one: dice.choice([0, 1, 30, 90]) for one in ids} | {large: 1_500}
    put_rows(shop, *(one for one, count in counts.items() for _ in range(count)))

    with watched(shop) as left:
        swept = await sweep_of(shop).run_once()

    assert swept == 120
    assert documents(shop) == {"products": [], "stockUpdates": []}
    assert all(
        products <= PRODUCTS_AT_ONCE and rows <= ROWS_AT_ONCE for products, rows in sizes(left)
    )
    for moment in left:
        assert set(moment.rows) <= moment.products
        whole = {one: counts[one] for one in moment.products - {large} if counts[one]}
        assert {one: count for one, count in moment.rows.items() if one != large} == whole


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
    """A call that was decided in the last millisecond, and commits when it is too late."""
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
    """As the row of an unknown product does. It changed nothing, so it conflicts with nothing."""
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
    """Products that expire, are swept and created again while callers change them and time goes by.

    Stock only grows here, so that the one failure of a stock update is that there is no product.
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


FAULTS = {
    "NoSuchTransaction": (1, {"errorCode": 251}),
    "WriteConflict-thrice": (3, {"errorCode": 112}),
    "connection-closed": (1, {"closeConnection": True}),
    "InterruptedAtShutdown": (1, {"errorCode": 11600}),
}
LOST = {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}}
COMMIT_FAULTS = FAULTS | {
    "connection-closed-thrice": (3, {"closeConnection": True}),
    "answer-lost": (1, LOST),
    "answer-lost-thrice": (3, LOST),
}


@pytest.mark.parametrize(
    ("command", "times", "fault"),
    [
        pytest.param(command, times, fault, id=f"{command}-{name}")
        for command in ("find", "delete", "insert", "commitTransaction")
        for name, (times, fault) in (
            COMMIT_FAULTS if command == "commitTransaction" else FAULTS
        ).items()
    ],
)
async def test_a_passing_fault_is_survived(
    shop: Shop, command: str, times: int, fault: dict[str, Any]
) -> None:
    (lasting,) = await shop.put(10)
    put_rows(shop, lasting)
    kept = documents(shop)
    await put_expired(shop, 3, rows=2)

    with shop.failing(command, mode={"times": times}, **fault):
        swept = await sweep_of(shop).run_once()

    assert swept == 3
    assert documents(shop) == kept


async def test_a_part_whose_commit_is_in_doubt_but_took_effect_is_counted_once(shop: Shop) -> None:
    """The first answer is lost, the second denies the transaction: it is looked up, not guessed."""
    await put_expired(shop, 3, rows=2)

    def deny_it_once(name: str) -> None:
        if name == "commitTransaction":
            shop.commands.on_end = lambda _name: None
            shop.fail("commitTransaction", mode={"times": 1}, errorCode=251)

    shop.commands.on_end = deny_it_once
    with shop.failing("commitTransaction", mode={"times": 1}, **LOST):
        swept = await sweep_of(shop).run_once()

    assert swept == 3
    assert documents(shop) == {"products": [], "stockUpdates": []}


@pytest.fixture
async def hasty(mongod: EmbeddedMongod, driver_name: DriverName) -> AsyncIterator[Shop]:
    """A shop that gives up soon."""
    async with open_shop(
        mongod.uri, driver_name, deadline_seconds=0.2, settle_seconds=2.0
    ) as opened:
        yield opened


@pytest.mark.parametrize("command", ["find", "delete", "insert", "commitTransaction"])
async def test_a_fault_that_lasts_is_raised_and_nothing_is_swept(hasty: Shop, command: str) -> None:
    await put_expired(hasty, 3, rows=2)
    there = documents(hasty)

    with (
        hasty.failing(command, mode="alwaysOn", closeConnection=True),
        pytest.raises(StoreError),
    ):
        await sweep_of(hasty).run_once()

    assert documents(hasty) == there
    assert await sweep_of(hasty).run_once() == 3


async def test_what_was_swept_before_an_outage_stays_swept_and_the_rest_stays_whole(
    hasty: Shop,
) -> None:
    await put_expired(hasty, 350, rows=2)
    hasty.commands.on_end = lambda name: (
        hasty.fail("find", mode="alwaysOn", closeConnection=True)
        if name == "commitTransaction"
        else None
    )

    with hasty.failing(mode="off"), pytest.raises(StoreError):
        await sweep_of(hasty).run_once()

    hasty.commands.on_end = lambda _name: None
    left = hasty.stocks()
    assert len(left) == 250
    assert [rows_of(hasty, one) for one in left] == [2] * 250
    assert len(hasty.rows()) == 500
    assert await sweep_of(hasty).run_once() == 250


async def test_a_pass_that_fails_is_told_in_the_log_and_tried_again(
    hasty: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    await put_expired(hasty, 3, rows=2)

    async with sweep_of(hasty, interval_seconds=0.01).running():
        with hasty.failing("delete", mode="alwaysOn", closeConnection=True):
            await until(lambda: len(warnings(caplog)) >= 2)
            there = documents(hasty)
        await until(lambda: documents(hasty) == {"products": [], "stockUpdates": []})

    assert (len(there["products"]), len(there["stockUpdates"])) == (3, 6)
    told = "Expired products could not be swept; trying again: "
    assert {line.getMessage().startswith(told) for line in warnings(caplog)} == {True}
    assert {line.exc_info for line in warnings(caplog)} == {None}


async def test_a_pass_that_fails_for_a_reason_nobody_foresaw_is_tried_again_too(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    await put_expired(shop, 1)
    answers: list[Exception | datetime] = [ZeroDivisionError("a fault of ours"), DUE, DUE, DUE]

    def clock() -> datetime:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with ExpirySweep(shop.runner, clock=clock, interval_seconds=0.01).running():
        await until(lambda: not shop.stocks())

    (line,) = warnings(caplog)
    assert line.levelno == logging.ERROR
    assert line.exc_info is not None
    assert line.exc_info[0] is ZeroDivisionError


def warnings(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What the sweep has told of its failures."""
    return [
        line
        for line in caplog.records
        if line.name == "server.jobs.expiry_sweep" and line.levelno >= logging.WARNING
    ]


async def test_it_sweeps_at_once_and_then_again_and_again(shop: Shop) -> None:
    await put_expired(shop, 1)

    async with sweep_of(shop, interval_seconds=0.01).running():
        await until(lambda: not shop.stocks())
        await put_expired(shop, 2, rows=2)
        await until(lambda: not shop.stocks())

    assert shop.rows() == []


async def test_a_sweep_that_waits_for_its_next_time_stops_at_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry_sweep, "PATIENCE_SECONDS", A_DAY)
    await put_expired(shop, 1)

    async with asyncio.timeout(10), sweep_of(shop, interval_seconds=A_DAY).running():
        await until(lambda: not shop.stocks())


async def test_the_part_under_way_ends_and_no_other_begins_when_the_server_stops(
    shop: Shop,
) -> None:
    await put_expired(shop, 350, rows=2)

    with shop.failing(
        "commitTransaction", mode={"times": 1}, blockConnection=True, blockTimeMS=SLOW_MS
    ):
        async with sweep_of(shop).running():
            await under_way(shop, "commitTransaction")
            assert len(shop.stocks()) == 350

    left = shop.stocks()
    assert len(left) == 250
    assert [rows_of(shop, one) for one in left] == [2] * 250
    assert len(shop.rows()) == 500
    assert shop.commands.names.count("commitTransaction") == 1


async def test_a_part_that_must_be_tried_again_when_the_server_stops_ends_too(shop: Shop) -> None:
    await put_expired(shop, 3, rows=2)
    slow_and_lost = {"blockConnection": True, "blockTimeMS": SLOW_MS, "closeConnection": True}

    with shop.failing("commitTransaction", mode={"times": 1}, **slow_and_lost):
        async with sweep_of(shop).running():
            await under_way(shop, "commitTransaction")

    assert documents(shop) == {"products": [], "stockUpdates": []}


async def test_an_error_inside_leaves_nothing_running(shop: Shop) -> None:
    """The fixture looks for the task."""
    with pytest.raises(ZeroDivisionError):
        async with sweep_of(shop, interval_seconds=0.01).running():
            raise ZeroDivisionError


async def test_a_part_that_is_cut_off_is_undone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database takes longer than the patience lasts."""
    monkeypatch.setattr(expiry_sweep, "PATIENCE_SECONDS", 0.1)
    await put_expired(shop, 3, rows=2)
    there = documents(shop)

    with shop.failing("delete", mode={"times": 1}, blockConnection=True, blockTimeMS=SLOW_MS):
        async with sweep_of(shop).running():
            await under_way(shop, "delete")

    assert documents(shop) == there
    assert await shop.open_transactions() == 0


@pytest.mark.parametrize("command", ["find", "delete", "commitTransaction"])
async def test_a_database_that_does_not_answer_does_not_hold_the_server(
    tmp_path: Path, driver_name: DriverName, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stopped in its tracks, as a machine that hangs: no connection is refused or closed."""
    monkeypatch.setattr(expiry_sweep, "PATIENCE_SECONDS", 0.1)
    mongod = EmbeddedMongod(tmp_path)
    await mongod.start()
    try:
        async with open_shop(mongod.uri, driver_name) as shop:
            await put_expired(shop, 3, rows=2)
            before(shop, command, lambda: os.kill(mongod.pid, signal.SIGSTOP))
            sweep = sweep_of(shop)
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(sweep.running())
                await until(lambda: command in shop.commands.names)
                leaving = asyncio.create_task(stack.pop_all().aclose())
            await asyncio.wait({leaving}, timeout=4)
            has_left = leaving.done()
            os.kill(mongod.pid, signal.SIGCONT)
            await leaving
    finally:
        os.kill(mongod.pid, signal.SIGCONT)
        await mongod.stop()

    assert has_left
