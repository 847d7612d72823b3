"""Run a chunk that kills its process: the item at fault fails alone, after few crashes or many."""

import logging
from collections.abc import Sequence
from typing import Any

import pytest

from server.batches.engine.engine import Engine
from server.batches.stored.crashes import ALONE, ATOMIC, TOGETHER
from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed
from server.kinds.kind import Item
from tests.support.batches.batch_work import (
    assert_exact,
    batch,
    chunk,
    claimed,
    codes,
    crash,
    lapse,
    leased,
    plus_one,
    results,
    set_chunk,
    submit,
    suspected,
    work_off,
)
from tests.support.shop import Shop


class ProcessDied(BaseException):
    """An error that nothing handles, as nothing handles a crash."""


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Return a set of items, by index, that end the process which runs them."""
    at_fault: set[int] = set()
    run_chunk = Engine.run_chunk

    async def run(self: Engine, runner: Any, items: Sequence[Item]) -> Any:
        if at_fault & {item.index for item in items}:
            raise ProcessDied
        return await run_chunk(self, runner, items)

    monkeypatch.setattr(Engine, "run_chunk", run)
    return at_fault


async def run_until_it_is_done(shop: Shop, at_most: int = 40) -> int:
    """Start a worker after each crash; return how many crashes there were."""
    crashes = 0
    for _ in range(at_most):
        async with claimed(shop) as (held, session):
            try:
                await leased(shop).run(held, session)
            except ProcessDied:
                crashes += 1
                lapse(shop)
                continue
            break
    await work_off(shop)
    await shop.assembly.housekeeping.run_once()
    return crashes


def deaths_until_found(items: int, faulty: int) -> int:
    """Return how many deaths show that one of so many items is at fault."""
    if items == 1:
        return ALONE
    deaths = TOGETHER
    while items > 1:
        half = (items + 1) // 2
        items, faulty = (half, faulty) if faulty < half else (items - half, faulty - half)
        deaths += ALONE if items == 1 else 1
    return deaths


@pytest.mark.parametrize(
    ("items", "faulty"),
    [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2), (7, 4), (50, 0), (50, 31), (50, 49)],
)
async def test_the_item_at_fault_fails_alone_and_all_others_are_applied(
    shop: Shop, deadly: set[int], items: int, faulty: int
) -> None:
    ids = await shop.put(*[10] * items)
    batch_id = await submit(shop, plus_one(ids))
    deadly.add(faulty)

    crashes = await run_until_it_is_done(shop)

    expected = ["OK"] * items
    expected[faulty] = ItemErrorCode.INTERNAL.value
    assert await codes(shop, batch_id) == expected
    assert crashes == 1 + deaths_until_found(items, faulty)  # the first leaves no mark
    assert list(shop.stocks().values()) == [10 + (one == "OK") for one in expected]
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_in_five_hundred_items_it_takes_fourteen_crashes(
    shop: Shop, deadly: set[int], caplog: pytest.LogCaptureFixture
) -> None:
    ids = await shop.put(*[10] * 500)
    batch_id = await submit(shop, plus_one(ids))
    deadly.add(250)

    crashes = await run_until_it_is_done(shop)

    assert crashes == 14
    assert (await batch(shop, batch_id)).success_count == 499
    (given_up,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert vars(given_up)["items"] == [250]
    outcome = (await results(shop, batch_id))[250].outcome
    assert isinstance(outcome, Failed)
    assert outcome.error.message == (
        "Every process that ran this item crashed. It was not applied. "
        f"(Error {vars(given_up)['error_id']})"
    )
    assert not outcome.error.retryable
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_of_several_items_at_fault_each_fails_and_nothing_else(
    shop: Shop, deadly: set[int]
) -> None:
    ids = await shop.put(*[10] * 16)
    batch_id = await submit(shop, plus_one(ids))
    deadly |= {0, 9, 10, 15}

    await run_until_it_is_done(shop, at_most=100)

    failed = [place for place, one in enumerate(await codes(shop, batch_id)) if one != "OK"]
    assert failed == [0, 9, 10, 15]
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_once_an_item_at_fault_is_found_its_crashes_are_forgotten(
    shop: Shop, deadly: set[int]
) -> None:
    ids = await shop.put(*[10] * 4)
    batch_id = await submit(shop, plus_one(ids))
    deadly |= {0, 3}
    set_chunk(shop, batch_id, suspected(first=0, last=0, deaths=ALONE))

    async with claimed(shop) as (held, session):
        with pytest.raises(ProcessDied):
            await leased(shop).run(held, session)

    stored = chunk(shop, batch_id)
    assert (stored["crashes"], stored["deaths"]) == (0, [])
    assert [one["index"] for one in stored["outcomes"]] == [0]
    lapse(shop)
    await run_until_it_is_done(shop)
    assert await codes(shop, batch_id) == ["INTERNAL", "OK", "OK", "INTERNAL"]


async def test_what_is_well_is_applied_before_the_item_at_fault_is_met_again(
    shop: Shop, deadly: set[int]
) -> None:
    ids = await shop.put(*[10] * 8)
    batch_id = await submit(shop, plus_one(ids))
    deadly.add(6)
    set_chunk(shop, batch_id, suspected(first=0, last=7))

    async with claimed(shop) as (held, session):
        with pytest.raises(ProcessDied):
            await leased(shop).run(held, session)
    lapse(shop)

    assert [one["index"] for one in chunk(shop, batch_id)["outcomes"]] == [0, 1, 2, 3]
    assert list(shop.stocks().values()) == [11] * 4 + [10] * 4


async def test_crashes_outside_a_transaction_change_nothing_however_many(shop: Shop) -> None:
    ids = await shop.put(*[10] * 5)
    batch_id = await submit(shop, plus_one(ids))
    for _ in range(20):
        await crash(shop)
    assert chunk(shop, batch_id)["crashes"] == 19  # the next claim counts the last one
    before = shop.commands.names.count("commitTransaction")

    await work_off(shop)

    assert shop.commands.names.count("commitTransaction") - before == 1
    assert "deaths" not in chunk(shop, batch_id) or chunk(shop, batch_id)["deaths"] == []
    assert await codes(shop, batch_id) == ["OK"] * 5
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_ten_deaths_in_transactions_that_are_nobodys_fault_fail_nothing(shop: Shop) -> None:
    """The power may fail time after time: in the end all items are tried, and succeed."""
    ids = await shop.put(*[10] * 500)
    batch_id = await submit(shop, plus_one(ids))
    set_chunk(shop, batch_id, suspected(first=0, last=499, deaths=10))

    await work_off(shop)

    assert set(await codes(shop, batch_id)) == {"OK"}
    assert_exact(shop, dict.fromkeys(ids, 10))


@pytest.mark.parametrize("continues", [False, True])
async def test_a_keyed_atomic_batch_that_crashes_whoever_runs_it_fails_as_a_whole(
    shop: Shop, deadly: set[int], continues: bool
) -> None:
    """It may not be cut, so the item at fault cannot be found."""
    ids = await shop.put(*[10] * 4)
    batch_id = await submit(
        shop, plus_one(ids), atomic=True, continue_on_error=continues, batch_size=10
    )
    deadly.add(2)

    crashes = await run_until_it_is_done(shop)

    assert crashes == 1 + ATOMIC
    assert await codes(shop, batch_id) == ["INTERNAL"] * 4
    assert list(shop.stocks().values()) == [10] * 4
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_a_batch_that_ends_at_a_failure_ends_at_its_item_at_fault(
    shop: Shop, deadly: set[int]
) -> None:
    ids = await shop.put(*[10] * 6)
    batch_id = await submit(shop, plus_one(ids), continue_on_error=False, batch_size=10)
    deadly.add(3)

    await run_until_it_is_done(shop)

    assert await codes(shop, batch_id) == [*["OK"] * 3, "INTERNAL", *["NOT_ATTEMPTED"] * 2]
    assert list(shop.stocks().values()) == [11, 11, 11, 10, 10, 10]
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_a_bug_is_no_crash_at_once_but_its_lease_runs_out(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The worker goes on; another one takes the chunk over after a while, and cuts it down."""
    (one,) = await shop.put(10)
    batch_id = await submit(shop, plus_one([one]))

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(Engine, "run_chunk", broken)
        for _ in range(ALONE):
            assert await shop.assembly.worker.run_once()
            assert not await shop.assembly.worker.run_once()
            lapse(shop)
    await work_off(shop)

    assert caplog.messages.count("A chunk failed") == ALONE
    assert await codes(shop, batch_id) == ["INTERNAL"]
    assert_exact(shop, {one: 10})
