"""Sweep while the database fails, and while the server stops."""

import asyncio
import logging
import os
import signal
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from server.domain.errors import StoreError
from server.jobs import expiry_sweep
from server.jobs.expiry_sweep import ExpirySweep
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.chunk_faults import LOST
from tests.support.interference import before, under_way
from tests.support.products.expiring import DUE, documents
from tests.support.products.sweeping import A_DAY, SLOW_MS, put_expired, put_rows, rows_of, sweep_of
from tests.support.shop import Shop, open_shop
from tests.support.waiting import until

FAULTS = {
    "NoSuchTransaction": (1, {"errorCode": 251}),
    "WriteConflict-thrice": (3, {"errorCode": 112}),
    "connection-closed": (1, {"closeConnection": True}),
    "InterruptedAtShutdown": (1, {"errorCode": 11600}),
}
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
    """Return the warnings in which the sweep tells of its failures."""
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
    """The fixture `shop` checks that no task is left."""
    with pytest.raises(ZeroDivisionError):
        async with sweep_of(shop, interval_seconds=0.01).running():
            raise ZeroDivisionError


async def test_a_part_that_is_cut_off_is_undone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database takes longer than the server waits for the sweep."""
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
    """The database's process is stopped, as if its machine hung: connections stay open."""
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
