"""Run a chunk while the database fails for a moment: its effect is there once, and answered."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from pymongo.errors import PyMongoError

from server.domain.clock import utc_now
from server.domain.errors import StoreError
from server.kinds.update_stock.declaration import UPDATE_STOCK
from server.kinds.update_stock.rules import Applied, stock_item
from server.mongo.connection.driver import MAJORITY, SNAPSHOT
from server.mongo.connection.embedded import EmbeddedMongod
from server.mongo.transaction import Transaction
from tests.support.batches.chunk_faults import (
    COMMANDS,
    COMMIT_FAULTS,
    DELETE,
    KINDS,
    ONCE,
    Fault,
    Kind,
    assert_done_once,
    open_for,
)
from tests.support.outcomes import new_stock
from tests.support.shop import Shop, open_shop

Run = Callable[[Callable[[Transaction], Awaitable[None]]], Awaitable[None]]
BODY_FAULTS = [Fault(name, command, *rest) for command in COMMANDS[:3] for name, *rest in ONCE]


async def update_once_under(shop: Shop, fault: Fault) -> None:
    """Check that three updates under `fault` are answered as applied, and applied once."""
    ids = await shop.put(10, 10, 10)
    with shop.failing(fault.command, mode={"times": fault.times}, **fault.data):
        outcomes = await shop.update([(ids[0], 5), (ids[1], -3), (ids[2], 10)])

    assert outcomes == [
        Applied(index=0, product_id=ids[0], key=ids[0], quantity=5, new_stock=15),
        Applied(index=1, product_id=ids[1], key=ids[1], quantity=-3, new_stock=7),
        Applied(index=2, product_id=ids[2], key=ids[2], quantity=10, new_stock=20),
    ]
    assert shop.stocks() == dict(zip(ids, [15, 7, 20], strict=True))
    assert [(row["quantity"], row["status"]) for row in shop.rows()] == [
        (5, "applied"),
        (-3, "applied"),
        (10, "applied"),
    ]


@pytest.mark.parametrize("fault", BODY_FAULTS + COMMIT_FAULTS, ids=str)
async def test_a_passing_fault_is_survived(shop: Shop, fault: Fault) -> None:
    await update_once_under(shop, fault)


@pytest.mark.parametrize("fault", COMMIT_FAULTS, ids=str)
async def test_a_passing_fault_is_survived_by_a_discontinuation(shop: Shop, fault: Fault) -> None:
    ids = await shop.put(10, 4)
    with shop.failing(fault.command, mode={"times": fault.times}, **fault.data):
        await shop.discontinue(ids)

    assert shop.stocks() == {ids[0]: 0, ids[1]: 0}
    assert [row["quantity"] for row in shop.rows()] == [-10, -4]


# Without those that take seconds, as the driver writes the server off each time.
SLOW = {"InterruptedAtShutdown-thrice", "ShutdownInProgress-thrice"}
QUICK_FAULTS = [fault for fault in COMMIT_FAULTS if fault.name not in SLOW]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("fault", QUICK_FAULTS, ids=str)
async def test_a_passing_fault_on_commit_is_survived_by_each_kind(
    shop: Shop, kind: Kind, fault: Fault
) -> None:
    ids = await open_for(shop, kind)

    with shop.failing(fault.command, mode={"times": fault.times}, **fault.data):
        outcomes = await kind.call(shop, ids)

    assert_done_once(shop, kind, ids, outcomes)


@pytest.mark.parametrize("command", ["aggregate", "delete"])
async def test_a_passing_fault_on_what_only_a_deletion_asks_for_is_survived(
    shop: Shop, command: str
) -> None:
    for fault in [{"errorCode": 112}, {"closeConnection": True}]:
        ids = await open_for(shop, DELETE)
        with shop.failing(command, mode={"times": 1}, **fault):
            outcomes = await DELETE.call(shop, ids)

        assert_done_once(shop, DELETE, ids, outcomes)
        shop.marks.delete_many({})


async def falls(run: Run, shop: Shop, fault: Fault) -> bool:
    """Return whether an update by `run` raises, or is not applied exactly once."""
    ids = await shop.put(10)
    items = [stock_item(0, ids[0], 5)]

    async def body(transaction: Transaction) -> None:
        outcomes = await UPDATE_STOCK.work().effects.decide(transaction, items, utc_now())
        await UPDATE_STOCK.work().effects.write(transaction, items, outcomes, utc_now())

    with shop.failing(fault.command, mode={"times": fault.times}, **fault.data):
        try:
            await run(body)
        except (PyMongoError, StoreError):
            return True
    return shop.stocks() != {ids[0]: 15} or len(shop.rows()) != 1


async def test_motors_own_with_transaction_falls_over_the_faults_that_our_runner_survives(
    mongod: EmbeddedMongod,
) -> None:
    """Our runner is needed, and these tests bite: see docs/decisions/0003-our-own-runner.md."""
    ours, motors = set(), set()
    for fault in COMMIT_FAULTS:
        async with open_shop(mongod.uri, "motor") as shop:
            if await falls(shop.runner.run, shop, fault):
                ours.add(fault.name)
        async with open_shop(mongod.uri, "motor") as shop:
            if await falls(partial(_with_transaction, shop), shop, fault):
                motors.add(fault.name)

    assert ours == set()
    assert motors == {
        "NoSuchTransaction",
        "WriteConflict-thrice",
        "connection-closed-thrice",
        "InterruptedAtShutdown-thrice",
        "ShutdownInProgress-thrice",
        "write-concern-timeout",
        "write-concern-timeout-thrice",
    }


async def _with_transaction(shop: Shop, body: Callable[[Transaction], Awaitable[None]]) -> None:
    async def callback(session: Any) -> None:
        await body(Transaction(shop.driver.client[shop.database], session))

    async with shop.driver.start_session() as session:
        await session.with_transaction(callback, read_concern=SNAPSHOT, write_concern=MAJORITY)


async def test_a_dry_run_under_a_fault_writes_nothing(shop: Shop) -> None:
    ids = await shop.put(10)
    with shop.failing("insert", mode={"times": 2}, errorCode=112):
        outcomes = await shop.update([(ids[0], 5)], dry_run=True)

    assert [new_stock(outcome) for outcome in outcomes] == [15]
    assert shop.stocks() == {ids[0]: 10}
    assert shop.rows() == []
