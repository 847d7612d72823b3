"""Faults of the database at every step of a chunk: what is answered is what happened, once."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from bson import ObjectId
from pymongo.errors import PyMongoError

from server.batch.stock import UpdateStock
from server.bootstrap import utc_now
from server.domain.create import Created, CreateOutcome
from server.domain.delete import Deleted, DeleteOutcome
from server.domain.errors import StoreError
from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed, Outcome
from server.domain.stock import Applied, stock_item
from server.domain.update import Updated, UpdateOutcome
from server.mongo.documents import to_product
from server.mongo.driver import MAJORITY, SNAPSHOT, DriverName
from server.mongo.embedded import EmbeddedMongod
from server.mongo.transaction import Transaction
from tests.support.shop import Shop, open_shop

Run = Callable[[Callable[[Transaction], Awaitable[None]]], Awaitable[None]]

COMMANDS = ("find", "update", "insert", "commitTransaction")


@dataclass(frozen=True)
class Fault:
    """`commands` fail `times` times, each time as `data` says."""

    name: str
    command: str
    times: int
    data: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.command}-{self.name}"


ONCE = (
    ("NoSuchTransaction", 1, {"errorCode": 251}),
    ("WriteConflict-thrice", 3, {"errorCode": 112}),
    ("connection-closed", 1, {"closeConnection": True}),
    ("InterruptedAtShutdown", 1, {"errorCode": 11600}),
    ("ShutdownInProgress", 1, {"errorCode": 91}),
)
LOST = {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}}
ON_COMMIT = (
    ("connection-closed-thrice", 3, {"closeConnection": True}),
    ("InterruptedAtShutdown-thrice", 3, {"errorCode": 11600}),
    ("ShutdownInProgress-thrice", 3, {"errorCode": 91}),
    ("write-concern-timeout", 1, LOST),
    ("write-concern-timeout-thrice", 3, LOST),
)
COMMIT_FAULTS = [Fault(name, "commitTransaction", *rest) for name, *rest in ONCE + ON_COMMIT]
BODY_FAULTS = [Fault(name, command, *rest) for command in COMMANDS[:3] for name, *rest in ONCE]


async def update_once_under(shop: Shop, fault: Fault) -> None:
    """Three updates while `fault` strikes: each is answered as applied, and applied once."""
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


@dataclass(frozen=True)
class Kind:
    """`call` has its one chunk take effect on all that it names, and answers it."""

    name: str
    call: Callable[[Shop, Sequence[str]], Awaitable[Sequence[Outcome]]]

    def __str__(self) -> str:
        return self.name


async def create(shop: Shop, ids: Sequence[str]) -> Sequence[CreateOutcome]:
    return await shop.create(*({"own_id": one, "name": "New"} for one in ids), {"name": "New"})


async def patch(shop: Shop, ids: Sequence[str]) -> Sequence[UpdateOutcome]:
    return await shop.patch(*((one, {"name": "New"}) for one in ids))


async def delete(shop: Shop, ids: Sequence[str]) -> Sequence[DeleteOutcome]:
    return await shop.delete(*ids, cascade=True)


CREATE = Kind("create", create)
PATCH = Kind("update", patch)
DELETE = Kind("delete", delete)
KINDS = [CREATE, PATCH, DELETE]


async def open_for(shop: Shop, kind: Kind) -> list[str]:
    """Two products to update or delete, the first with a row in the ledger; or two free ids."""
    if kind is CREATE:
        return [str(ObjectId()), str(ObjectId())]
    ids = await shop.put(10, 10)
    await shop.update([(ids[0], 5)])
    shop.commands.names.clear()
    return ids


def assert_done_once(
    shop: Shop, kind: Kind, ids: Sequence[str], outcomes: Sequence[Outcome]
) -> None:
    """Every item is answered as done, and the store has the work of exactly one transaction."""
    stored = {str(one["_id"]): to_product(one) for one in shop.products.find()}
    if kind is CREATE:
        told = [one.product for one in outcomes if isinstance(one, Created)]
        assert [one.id for one in told[:2]] == ids
        assert len(told) == 3
        assert {one.id: one for one in told} == stored
        assert shop.marks.count_documents({}) == 0
    elif kind is PATCH:
        told = [one.product for one in outcomes if isinstance(one, Updated)]
        assert [(one.id, one.name, one.stock) for one in told] == [
            (ids[0], "New", 15),
            (ids[1], "New", 10),
        ]
        assert {one.id: one for one in told} == stored
        assert shop.marks.count_documents({}) == 1
    else:
        deleted = [one for one in outcomes if isinstance(one, Deleted)]
        assert [(one.product_id, one.cascaded) for one in deleted] == [(ids[0], 1), (ids[1], 0)]
        assert (stored, shop.rows()) == ({}, [])
        assert shop.marks.count_documents({}) == 1


def assert_not_done(shop: Shop, kind: Kind, ids: Sequence[str]) -> None:
    left = {} if kind is CREATE else {ids[0]: 15, ids[1]: 10}
    assert shop.stocks() == left
    assert shop.products.count_documents({"name": "New"}) == 0
    assert len(shop.rows()) == len(left) // 2
    assert shop.marks.count_documents({}) == 0


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
    """Whether an update of one product by `run` raises or is not applied exactly once."""
    ids = await shop.put(10)
    items = [stock_item(0, ids[0], 5)]

    async def body(transaction: Transaction) -> None:
        outcomes = await UpdateStock().decide(transaction, items, utc_now())
        await UpdateStock().write(transaction, items, outcomes, utc_now())

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

    async with await shop.driver.start_session() as session:
        await session.with_transaction(callback, read_concern=SNAPSHOT, write_concern=MAJORITY)


@pytest.fixture
async def hasty(mongod: EmbeddedMongod, driver_name: DriverName) -> AsyncIterator[Shop]:
    """A shop that gives up soon."""
    async with open_shop(
        mongod.uri, driver_name, deadline_seconds=0.2, settle_seconds=2.0
    ) as opened:
        yield opened


async def test_a_commit_that_never_succeeds_is_told_as_not_applied(hasty: Shop) -> None:
    ids = await hasty.put(10, 10)
    with hasty.failing("commitTransaction", mode="alwaysOn", closeConnection=True):
        outcomes = await hasty.update([(ids[0], 5), (ids[1], 5)])

    assert [_code(outcome) for outcome in outcomes] == [ItemErrorCode.UNAVAILABLE] * 2
    assert [_retryable(outcome) for outcome in outcomes] == [True, True]
    assert hasty.stocks() == {ids[0]: 10, ids[1]: 10}
    assert hasty.rows(status="applied") == []


async def test_a_commit_that_is_never_confirmed_but_took_effect_is_told_as_applied(
    hasty: Shop,
) -> None:
    ids = await hasty.put(10)
    with hasty.failing(
        "commitTransaction", mode="alwaysOn", writeConcernError={"code": 64, "errmsg": "no"}
    ):
        outcomes = await hasty.update([(ids[0], 5)])

    assert outcomes == [Applied(index=0, product_id=ids[0], key=ids[0], quantity=5, new_stock=15)]
    assert hasty.stocks() == {ids[0]: 15}
    assert len(hasty.rows(status="applied")) == 1


async def test_a_commit_in_doubt_is_not_run_again_when_it_took_effect(hasty: Shop) -> None:
    """The first answer is lost, the second denies the transaction: it is looked up, not guessed."""
    ids = await hasty.put(10)
    lost = {"code": 64, "errmsg": "waiting for replication timed out"}

    def deny_it_once(name: str) -> None:
        if name == "commitTransaction":
            hasty.commands.on_end = lambda _name: None
            hasty.fail("commitTransaction", mode={"times": 1}, errorCode=251)

    hasty.commands.on_end = deny_it_once
    with hasty.failing("commitTransaction", mode={"times": 1}, writeConcernError=lost):
        outcomes = await hasty.update([(ids[0], 5)])

    assert [_new_stock(outcome) for outcome in outcomes] == [15]
    assert hasty.commands.names.count("commitTransaction") == 2
    assert hasty.stocks() == {ids[0]: 15}
    assert [row["quantity"] for row in hasty.rows()] == [5]


async def test_a_commit_that_cannot_be_looked_up_is_told_as_unknown(hasty: Shop) -> None:
    ids = await hasty.put(10)
    hasty.commands.on_start = lambda name: (
        hasty.fail("find", "commitTransaction", mode="alwaysOn", closeConnection=True)
        if name == "commitTransaction"
        else None
    )
    with hasty.failing("ping", mode="alwaysOn", closeConnection=True):
        (outcome,) = await hasty.update([(ids[0], 5)])

    assert _code(outcome) is ItemErrorCode.UNAVAILABLE
    assert not _retryable(outcome)
    assert isinstance(outcome, Failed)
    assert "not known" in outcome.error.message


@pytest.mark.parametrize("kind", KINDS, ids=str)
async def test_a_commit_of_each_kind_that_never_succeeds_is_told_as_not_done(
    hasty: Shop, kind: Kind
) -> None:
    ids = await open_for(hasty, kind)
    with hasty.failing("commitTransaction", mode="alwaysOn", closeConnection=True):
        outcomes = await kind.call(hasty, ids)

    assert {_code(outcome) for outcome in outcomes} == {ItemErrorCode.UNAVAILABLE}
    assert all(_retryable(outcome) for outcome in outcomes)
    assert_not_done(hasty, kind, ids)


@pytest.mark.parametrize("kind", KINDS, ids=str)
async def test_a_commit_of_each_kind_that_took_effect_unconfirmed_is_told_as_done(
    hasty: Shop, kind: Kind
) -> None:
    """All answers are lost until the deadline; then it is found by what it left."""
    ids = await open_for(hasty, kind)
    with hasty.failing("commitTransaction", mode="alwaysOn", **LOST):
        outcomes = await kind.call(hasty, ids)

    assert_done_once(hasty, kind, ids, outcomes)


@pytest.mark.parametrize("kind", KINDS, ids=str)
async def test_a_commit_of_each_kind_in_doubt_is_not_run_again_when_it_took_effect(
    hasty: Shop, kind: Kind
) -> None:
    """The first answer is lost, the second denies the transaction."""
    ids = await open_for(hasty, kind)
    hasty.commands.on_end = partial(_deny_after_commit, hasty, lambda: None)
    with hasty.failing("commitTransaction", mode={"times": 1}, **LOST):
        outcomes = await kind.call(hasty, ids)

    assert hasty.commands.names.count("commitTransaction") == 2
    assert_done_once(hasty, kind, ids, outcomes)


async def test_an_update_in_doubt_is_not_run_again_over_what_somebody_made_of_it_since(
    hasty: Shop,
) -> None:
    (known,) = await hasty.put(10)
    theirs = partial(hasty.products.update_one, {"name": "New"}, {"$set": {"name": "Theirs"}})
    hasty.commands.on_end = partial(_deny_after_commit, hasty, theirs)
    with hasty.failing("commitTransaction", mode={"times": 1}, **LOST):
        (outcome,) = await hasty.patch((known, {"name": "New"}))

    assert isinstance(outcome, Updated)
    assert outcome.product.name == "New"
    assert [one["name"] for one in hasty.products.find()] == ["Theirs"]


async def test_a_deletion_in_doubt_is_not_run_again_over_a_product_with_its_id(
    hasty: Shop,
) -> None:
    (known,) = await hasty.put(10)
    again = {**hasty.products.find_one(), "name": "Theirs"}
    hasty.commands.on_end = partial(
        _deny_after_commit, hasty, partial(hasty.products.insert_one, again)
    )
    with hasty.failing("commitTransaction", mode={"times": 1}, **LOST):
        (outcome,) = await hasty.delete(known)

    assert isinstance(outcome, Deleted)
    assert outcome.product.name == "Cup"
    assert [one["name"] for one in hasty.products.find()] == ["Theirs"]


async def test_a_deletion_whose_commit_cannot_be_looked_up_is_told_as_unknown(
    hasty: Shop,
) -> None:
    ids = await open_for(hasty, DELETE)
    hasty.commands.on_start = lambda name: (
        hasty.fail("find", "commitTransaction", mode="alwaysOn", closeConnection=True)
        if name == "commitTransaction"
        else None
    )
    with hasty.failing("ping", mode="alwaysOn", closeConnection=True):
        outcomes = await DELETE.call(hasty, ids)

    assert [_code(outcome) for outcome in outcomes] == [ItemErrorCode.UNAVAILABLE] * 2
    assert not any(_retryable(outcome) for outcome in outcomes)
    assert all("not known" in one.error.message for one in outcomes if isinstance(one, Failed))


@pytest.mark.parametrize("kind", KINDS, ids=str)
async def test_an_outage_fails_the_items_of_each_kind_and_nothing_else(
    hasty: Shop, kind: Kind
) -> None:
    ids = await open_for(hasty, kind)
    with hasty.failing(*COMMANDS, mode="alwaysOn", closeConnection=True):
        outcomes = await kind.call(hasty, ids)

    assert {_code(outcome) for outcome in outcomes} == {ItemErrorCode.UNAVAILABLE}
    assert all(_retryable(outcome) for outcome in outcomes)
    assert_not_done(hasty, kind, ids)


async def test_an_outage_fails_the_items_and_nothing_else(hasty: Shop) -> None:
    ids = await hasty.put(10)
    with hasty.failing(*COMMANDS, mode="alwaysOn", closeConnection=True):
        outcomes = await hasty.update([(ids[0], 5), ("nonsense", 1)])

    assert [_code(outcome) for outcome in outcomes] == [
        ItemErrorCode.UNAVAILABLE,
        ItemErrorCode.INVALID_PRODUCT_ID,
    ]
    assert hasty.stocks() == {ids[0]: 10}
    assert hasty.rows() == []


async def test_a_dry_run_under_a_fault_writes_nothing(shop: Shop) -> None:
    ids = await shop.put(10)
    with shop.failing("insert", mode={"times": 2}, errorCode=112):
        outcomes = await shop.update([(ids[0], 5)], dry_run=True)

    assert [_new_stock(outcome) for outcome in outcomes] == [15]
    assert shop.stocks() == {ids[0]: 10}
    assert shop.rows() == []


def _deny_after_commit(shop: Shop, act: Callable[[], object], name: str) -> None:
    """Once a commit was sent, have somebody act, and let the next commit be denied."""
    if name == "commitTransaction":
        shop.commands.on_end = lambda _name: None
        act()
        shop.fail("commitTransaction", mode={"times": 1}, errorCode=251)


def _code(outcome: Outcome) -> ItemErrorCode | None:
    return outcome.error.code if isinstance(outcome, Failed) else None


def _retryable(outcome: Outcome) -> bool:
    return isinstance(outcome, Failed) and outcome.error.retryable


def _new_stock(outcome: Applied | Failed) -> int | None:
    return outcome.new_stock if isinstance(outcome, Applied) else None
