"""Whether a process can do its work: said within a second, whatever the database does."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from server.web import health
from server.domain.stopping import Stopping
from server.web.health import Readiness


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
