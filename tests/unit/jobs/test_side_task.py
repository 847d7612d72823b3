"""Repeat work beside the requests."""

import asyncio
import logging

import pytest

from server.domain.errors import DatabaseUnavailable
from server.jobs.side_task import repeat

FOREVER = 3600.0


class Work:
    """Work that answers as it is told, one time after the other, and then stops itself."""

    def __init__(self, *answers: bool | Exception) -> None:
        self.stopping = asyncio.Event()
        self.calls = 0
        self._answers = answers

    async def once(self) -> bool:
        answer = self._answers[self.calls]
        self.calls += 1
        if self.calls == len(self._answers):
            self.stopping.set()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def run(self, pause_seconds: float) -> None:
        await repeat(self.once, self.stopping, pause_seconds=pause_seconds, name="The sweeping")


async def test_while_there_is_something_to_do_it_goes_on_without_a_pause() -> None:
    work = Work(True, True, True, False)

    await work.run(FOREVER)

    assert work.calls == 4


async def test_after_nothing_to_do_it_looks_again() -> None:
    work = Work(False, False, True)

    await work.run(0.001)

    assert work.calls == 3


async def test_an_error_of_the_database_is_told_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    work = Work(DatabaseUnavailable("gone"), True, DatabaseUnavailable("again"))

    await work.run(0.001)

    assert work.calls == 3
    assert [(one.levelno, one.getMessage()) for one in caplog.records] == [
        (logging.WARNING, "The sweeping failed; trying again: gone"),
        (logging.WARNING, "The sweeping failed; trying again: again"),
    ]


async def test_any_other_error_ends_it() -> None:
    work = Work(True, ZeroDivisionError(), True)

    with pytest.raises(ZeroDivisionError):
        await work.run(FOREVER)

    assert work.calls == 2


async def test_it_is_stopped_in_the_middle_of_a_pause() -> None:
    stopping, paused = asyncio.Event(), asyncio.Event()

    async def once() -> bool:
        paused.set()
        return False

    running = asyncio.create_task(repeat(once, stopping, pause_seconds=FOREVER, name="It"))
    await paused.wait()
    stopping.set()

    await running


async def test_what_is_stopped_before_it_begins_does_nothing() -> None:
    work = Work(True)
    work.stopping.set()

    await work.run(FOREVER)

    assert work.calls == 0
