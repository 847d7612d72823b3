"""Wait for a database that does not answer: for so long, and not at all once that is known."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager

import pytest
from pymongo.errors import AutoReconnect

from server.domain.errors import DatabaseUnavailable
from server.domain.refusal import UnansweredWithKey
from server.mongo.connection import outage as outages
from server.mongo.connection.errors import translated
from server.mongo.connection.outage import Outage
from server.mongo.connection.patience import Patience, patient
from tests.support.waiting import until

SHORT = 0.05


async def never() -> bool:
    await asyncio.Event().wait()
    return True


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


def request(outage: Outage | None = None, seconds: float = SHORT) -> AbstractContextManager[None]:
    return patient(Patience(seconds, outage or Outage()))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outages, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(outages, "_EVERY_SECONDS", 0.01)


async def test_a_request_waits_for_no_longer_than_its_patience() -> None:
    with request(), pytest.raises(DatabaseUnavailable, match=r"within 0\.05 s"), translated():
        await never()


async def test_what_nobody_waits_for_may_take_its_time() -> None:
    with translated():
        await asyncio.sleep(2 * SHORT)


async def test_the_second_wait_has_what_the_first_has_left() -> None:
    async def fail_later() -> None:
        await asyncio.sleep(0.3)
        raise AutoReconnect

    began = time.monotonic()
    with request(seconds=0.5):
        with pytest.raises(DatabaseUnavailable), translated():
            await fail_later()
        with pytest.raises(DatabaseUnavailable), translated():
            await never()
        with pytest.raises(DatabaseUnavailable), translated():
            pytest.fail("there is no patience left")

    assert time.monotonic() - began < 0.8


async def test_an_answer_renews_the_patience() -> None:
    with request(seconds=0.5):
        for _ in range(3):
            with translated():
                await asyncio.sleep(0.3)


async def test_a_cancellation_stays_one() -> None:
    async def call() -> None:
        with request(seconds=60), translated():
            await never()

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_wait_within_a_wait_ends_as_one() -> None:
    with request(), pytest.raises(DatabaseUnavailable), translated(), translated():
        await never()

    assert (task := asyncio.current_task()) is not None
    assert task.cancelling() == 0


@pytest.mark.parametrize("ask", [never, no])
async def test_an_outage_wakes_those_who_wait_and_refuses_the_next(
    ask: Callable[[], Awaitable[bool]],
) -> None:
    outage = Outage(ask, silent_seconds=0.1)
    async with outage.watched():
        with request(outage, seconds=60):
            with pytest.raises(DatabaseUnavailable), translated():
                await never()
            assert outage.is_on
            with pytest.raises(DatabaseUnavailable), translated():
                pytest.fail("it is known")


async def test_an_outage_ends_with_the_first_answer_and_the_log_has_two_lines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers = False

    async def ask() -> bool:
        return answers

    outage = Outage(ask, silent_seconds=0.05)
    async with outage.watched():
        await until(lambda: outage.is_on)
        answers = True
        await until(lambda: not outage.is_on)
        with request(outage), translated():
            pass

    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]


async def test_a_process_that_hardly_gets_to_run_takes_no_answer_for_silence() -> None:
    async def ask() -> bool:
        await asyncio.sleep(0)
        return True

    outage = Outage(ask, silent_seconds=0.1)
    async with outage.watched():
        for _ in range(5):
            time.sleep(0.1)  # noqa: ASYNC251 - the loop is what is held up
            await asyncio.sleep(0)

    assert not outage.is_on


async def test_somebody_in_vain_settles_a_suspicion(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage(never, silent_seconds=3600)
    async with outage.watched():
        await until(lambda: outage._silence >= 1)
        with request(outage), pytest.raises(DatabaseUnavailable), translated():
            raise AutoReconnect

        assert outage.is_on


def record(error: Exception, level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord("x", level, "x", 1, "Failed: %s", (error,), None)


@pytest.mark.parametrize("kind", [DatabaseUnavailable, UnansweredWithKey])
async def test_what_an_outage_makes_is_no_news_until_it_is_over(kind: type[Exception]) -> None:
    outage = Outage(no, silent_seconds=0.05)
    assert outage.is_news(record(kind("why")))
    async with outage.watched():
        await until(lambda: outage.is_on)

    assert not outage.is_news(record(kind("why")))
    assert outage.is_news(record(ZeroDivisionError("a bug")))
    assert outage.is_news(record(kind("why"), logging.DEBUG))
