"""Run a chunk whose commit stays in doubt, or whose database stays away."""

from collections.abc import Callable, Sequence
from functools import partial

import pytest

from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed, Outcome
from server.kinds.delete_products.rules import Deleted
from server.kinds.update_products.rules import Updated
from server.kinds.update_stock.rules import Applied
from tests.support.batches.chunk_faults import (
    COMMANDS,
    CREATE,
    DELETE,
    KINDS,
    LOST,
    Kind,
    assert_done_once,
    open_for,
)
from tests.support.outcomes import code, new_stock
from tests.support.shop import Shop


def assert_not_done(shop: Shop, kind: Kind, ids: Sequence[str]) -> None:
    left = {} if kind is CREATE else {ids[0]: 15, ids[1]: 10}
    assert shop.stocks() == left
    assert shop.products.count_documents({"name": "New"}) == 0
    assert len(shop.rows()) == len(left) // 2
    assert shop.marks.count_documents({}) == 0


async def test_a_commit_that_never_succeeds_is_told_as_not_applied(hasty: Shop) -> None:
    ids = await hasty.put(10, 10)
    with hasty.failing("commitTransaction", mode="alwaysOn", closeConnection=True):
        outcomes = await hasty.update([(ids[0], 5), (ids[1], 5)])

    assert [code(outcome) for outcome in outcomes] == [ItemErrorCode.UNAVAILABLE] * 2
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


async def test_a_commit_in_doubt_is_not_run_again_when_it_took_effect(shop: Shop) -> None:
    """The first answer is lost, the second denies the transaction: it is looked up, not guessed."""
    ids = await shop.put(10)
    lost = {"code": 64, "errmsg": "waiting for replication timed out"}

    def deny_it_once(name: str) -> None:
        if name == "commitTransaction":
            shop.commands.on_end = lambda _name: None
            shop.fail("commitTransaction", mode={"times": 1}, errorCode=251)

    shop.commands.on_end = deny_it_once
    with shop.failing("commitTransaction", mode={"times": 1}, writeConcernError=lost):
        outcomes = await shop.update([(ids[0], 5)])

    assert [new_stock(outcome) for outcome in outcomes] == [15]
    assert shop.commands.names.count("commitTransaction") == 2
    assert shop.stocks() == {ids[0]: 15}
    assert [row["quantity"] for row in shop.rows()] == [5]


async def test_a_commit_that_cannot_be_looked_up_is_told_as_unknown(hasty: Shop) -> None:
    ids = await hasty.put(10)
    hasty.commands.on_start = lambda name: (
        hasty.fail("find", "commitTransaction", mode="alwaysOn", closeConnection=True)
        if name == "commitTransaction"
        else None
    )
    with hasty.failing("ping", mode="alwaysOn", closeConnection=True):
        (outcome,) = await hasty.update([(ids[0], 5)])

    assert code(outcome) is ItemErrorCode.UNAVAILABLE
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

    assert {code(outcome) for outcome in outcomes} == {ItemErrorCode.UNAVAILABLE}
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
    shop: Shop, kind: Kind
) -> None:
    """The first answer is lost, the second denies the transaction."""
    ids = await open_for(shop, kind)
    shop.commands.on_end = partial(_deny_after_commit, shop, lambda: None)
    with shop.failing("commitTransaction", mode={"times": 1}, **LOST):
        outcomes = await kind.call(shop, ids)

    assert shop.commands.names.count("commitTransaction") == 2
    assert_done_once(shop, kind, ids, outcomes)


async def test_an_update_in_doubt_is_not_run_again_over_what_somebody_made_of_it_since(
    shop: Shop,
) -> None:
    (known,) = await shop.put(10)
    theirs = partial(shop.products.update_one, {"name": "New"}, {"$set": {"name": "Theirs"}})
    shop.commands.on_end = partial(_deny_after_commit, shop, theirs)
    with shop.failing("commitTransaction", mode={"times": 1}, **LOST):
        (outcome,) = await shop.patch((known, {"name": "New"}))

    assert isinstance(outcome, Updated)
    assert outcome.product.name == "New"
    assert [one["name"] for one in shop.products.find()] == ["Theirs"]


async def test_a_deletion_in_doubt_is_not_run_again_over_a_product_with_its_id(
    shop: Shop,
) -> None:
    (known,) = await shop.put(10)
    again = {**shop.products.find_one(), "name": "Theirs"}
    shop.commands.on_end = partial(
        _deny_after_commit, shop, partial(shop.products.insert_one, again)
    )
    with shop.failing("commitTransaction", mode={"times": 1}, **LOST):
        (outcome,) = await shop.delete(known)

    assert isinstance(outcome, Deleted)
    assert outcome.product.name == "Cup"
    assert [one["name"] for one in shop.products.find()] == ["Theirs"]


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

    assert [code(outcome) for outcome in outcomes] == [ItemErrorCode.UNAVAILABLE] * 2
    assert not any(_retryable(outcome) for outcome in outcomes)
    assert all("not known" in one.error.message for one in outcomes if isinstance(one, Failed))


@pytest.mark.parametrize("kind", KINDS, ids=str)
async def test_an_outage_fails_the_items_of_each_kind_and_nothing_else(
    hasty: Shop, kind: Kind
) -> None:
    ids = await open_for(hasty, kind)
    with hasty.failing(*COMMANDS, mode="alwaysOn", closeConnection=True):
        outcomes = await kind.call(hasty, ids)

    assert {code(outcome) for outcome in outcomes} == {ItemErrorCode.UNAVAILABLE}
    assert all(_retryable(outcome) for outcome in outcomes)
    assert_not_done(hasty, kind, ids)


async def test_an_outage_fails_the_items_and_nothing_else(hasty: Shop) -> None:
    ids = await hasty.put(10)
    with hasty.failing(*COMMANDS, mode="alwaysOn", closeConnection=True):
        outcomes = await hasty.update([(ids[0], 5), ("nonsense", 1)])

    assert [code(outcome) for outcome in outcomes] == [
        ItemErrorCode.UNAVAILABLE,
        ItemErrorCode.INVALID_PRODUCT_ID,
    ]
    assert hasty.stocks() == {ids[0]: 10}
    assert hasty.rows() == []


def _deny_after_commit(shop: Shop, act: Callable[[], object], name: str) -> None:
    """Once a commit is sent, call `act`, and let the next commit be denied."""
    if name == "commitTransaction":
        shop.commands.on_end = lambda _name: None
        act()
        shop.fail("commitTransaction", mode={"times": 1}, errorCode=251)


def _retryable(outcome: Outcome) -> bool:
    return isinstance(outcome, Failed) and outcome.error.retryable
