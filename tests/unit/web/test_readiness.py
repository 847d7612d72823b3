"""Whether a process can do its work: said within a second, whatever the database does."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from server.domain.stopping import Stopping
from server.web import health
from server.web.health import Readiness
from server.web.probe import Probe


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


async def never() -> bool:
    await asyncio.Event().wait()
    return True


@pytest.mark.parametrize(
    ("ask", "is_alive", "reason"),
    [
        (yes, True, None),
        (yes, False, "the worker is stuck"),
        (no, True, "no primary of the database answers"),
        (never, True, "the database does not answer within 0.01 s"),
    ],
)
async def test_the_reason_is_told(
    ask: Callable[[], Awaitable[bool]],
    is_alive: bool,
    reason: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "PROBE_SECONDS", 0.01)
    readiness = Readiness(ask, lambda: is_alive, Stopping(1))

    assert await readiness.why_not() == reason

    await readiness.close()


async def test_a_stop_that_is_announced_is_told_before_requests_are_refused() -> None:
    stopping = Stopping(10)
    readiness = Readiness(yes, lambda: True, stopping)
    assert not readiness.is_watched
    assert await readiness.why_not() is None
    assert readiness.is_watched

    stopping.announce()

    assert await readiness.why_not() == "the process stops"
    assert 9 < stopping.seconds_left() <= 10  # and asking begins nothing
    assert not stopping.is_on
    stopping.begin()
    assert stopping.is_on
    await readiness.close()


async def test_nobody_watches_who_has_not_asked_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    readiness = Readiness(yes, lambda: True, Stopping(1))
    await readiness.why_not()

    monkeypatch.setattr(health, "WATCHED_SECONDS", 0.0)

    assert not readiness.is_watched
    await readiness.close()


async def test_a_question_that_is_open_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PROBE_SECONDS", 0.01)
    asked = 0

    async def ask() -> bool:
        nonlocal asked
        asked += 1
        return await never()

    readiness = Readiness(ask, lambda: True, Stopping(1))
    for _ in range(3):
        assert await readiness.why_not()

    assert asked == 1
    await readiness.close()


async def test_a_process_that_stops_says_so_whatever_else_is_wrong() -> None:
    stopping = Stopping(1)
    readiness = Readiness(no, lambda: False, stopping)

    stopping.begin()

    assert await readiness.why_not() == "the process stops"


async def test_a_question_that_is_asked_anew_leaves_its_answer_to_those_who_waited() -> None:
    answers = [asyncio.get_running_loop().create_future() for _ in range(2)]
    asked = iter(answers)

    async def ask() -> int:
        answer: int = await next(asked)
        return answer

    probe = Probe(ask)
    second = probe.result()
    first = asyncio.create_task(probe.result())
    await asyncio.sleep(0)
    assert probe._asking is not None
    probe._asking.add_done_callback(lambda _: second.send(None))  # before the first goes on
    answers[0].set_result(1)

    assert await first == 1
    second.close()
    await probe.close()
