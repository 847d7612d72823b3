"""Measure how late the event loop is."""

import asyncio

import pytest

from server.web.loop_lag import watch_lag


async def test_the_time_beyond_the_pause_is_the_lag() -> None:
    now = 0.0
    lateness = [0.0, 0.25, -0.01]  # a timer may also be early by the clock's resolution
    lags: list[float] = []

    async def sleep(seconds: float) -> None:
        nonlocal now
        if not lateness:
            raise asyncio.CancelledError
        now += seconds + lateness.pop(0)

    with pytest.raises(asyncio.CancelledError):
        await watch_lag(lags.append, clock=lambda: now, sleep=sleep)

    assert lags == [0.0, pytest.approx(0.25), 0.0]
