"""Renew a lease in time, and not while a renewal would only get in the way.

The event loop of these tests has a clock of its own, which jumps to the next event.
"""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from server.batches.stored import lease_keeper
from server.batches.stored.fenced_transactions import FencedTransactions
from server.batches.stored.lease_keeper import lease_renewed
from server.domain.errors import DatabaseUnavailable


class JumpingSelector(selectors.DefaultSelector):
    """A selector that never waits: nothing comes from outside, so time may jump."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += timeout or 0
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.jumping = JumpingSelector()
        super().__init__(self.jumping)

    def time(self) -> float:
        return self.jumping.now


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[JumpingLoop]:
    loop = JumpingLoop()
    monkeypatch.setattr(lease_keeper.time, "monotonic", loop.time)
    yield loop
    monkeypatch.undo()
    loop.close()


class Renewals:
    def __init__(self, *errors: Exception) -> None:
        self.times: list[float] = []
        self._errors = list(errors)

    async def renew(self) -> None:
        self.times.append(asyncio.get_running_loop().time())
        if self._errors:
            raise self._errors.pop(0)


def keep(
    loop: JumpingLoop,
    renewals: Renewals,
    work: Callable[[FencedTransactions], Awaitable[None]],
    fenced: FencedTransactions | None = None,
) -> None:
    async def run() -> None:
        own = fenced or FencedTransactions(None, None, None, None)  # type: ignore[arg-type]
        async with lease_renewed(renewals.renew, own, lease_seconds=20):
            await work(own)

    loop.run_until_complete(run())


def rounded(times: list[float]) -> list[float]:
    return [round(one, 1) for one in times]


async def a_minute(_: FencedTransactions) -> None:
    await asyncio.sleep(60.2)


def test_a_lease_is_renewed_four_times_before_it_runs_out(loop: JumpingLoop) -> None:
    renewals = Renewals()

    keep(loop, renewals, a_minute)

    gaps = [b - a for a, b in pairwise([0.0, *renewals.times])]
    assert len(renewals.times) >= 10
    assert all(5 <= gap <= 5.51 for gap in gaps)


def test_nothing_is_renewed_while_a_transaction_is_young(loop: JumpingLoop) -> None:
    """A renewal would conflict with the transaction's last write; it pays after half a lease."""
    renewals = Renewals()

    async def one_transaction(fenced: FencedTransactions) -> None:
        await asyncio.sleep(4)
        with fenced.attempt():
            await asyncio.sleep(9.4)
        assert renewals.times == []
        await asyncio.sleep(1)

    keep(loop, renewals, one_transaction)

    assert rounded(renewals.times) == [13.5]


def test_a_long_transaction_is_made_to_begin_anew_before_the_lease_is_lost(
    loop: JumpingLoop,
) -> None:
    renewals = Renewals()

    async def one_transaction(fenced: FencedTransactions) -> None:
        with fenced.attempt():
            await asyncio.sleep(19)

    keep(loop, renewals, one_transaction)

    assert rounded(renewals.times) == [10.0, 15.0]


def test_many_short_transactions_in_a_row_do_not_keep_a_lease_from_being_renewed(
    loop: JumpingLoop,
) -> None:
    """A chunk that is cut down to single items has such transactions."""
    renewals = Renewals()

    async def five_hundred(fenced: FencedTransactions) -> None:
        for _ in range(500):
            with fenced.attempt():
                await asyncio.sleep(0.2)

    keep(loop, renewals, five_hundred)

    times = [0.0, *renewals.times, 100.0]
    assert max(b - a for a, b in pairwise(times)) < 20


def test_a_renewal_that_fails_is_told_and_tried_again(
    loop: JumpingLoop, caplog: pytest.LogCaptureFixture
) -> None:
    renewals = Renewals(DatabaseUnavailable("gone"), DatabaseUnavailable("gone"))

    keep(loop, renewals, a_minute)

    assert len(renewals.times) >= 10
    assert caplog.messages == ["A lease could not be renewed: gone"] * 2


def test_nothing_is_renewed_any_more_once_the_work_has_ended(loop: JumpingLoop) -> None:
    renewals = Renewals()

    async def short(_: FencedTransactions) -> None:
        await asyncio.sleep(5.2)

    keep(loop, renewals, short)
    loop.run_until_complete(asyncio.sleep(60))

    assert len(renewals.times) == 1
    assert asyncio.all_tasks(loop) == set()


def test_what_the_work_raises_is_raised(loop: JumpingLoop) -> None:
    renewals = Renewals()

    async def failing(_: FencedTransactions) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        keep(loop, renewals, failing)

    assert asyncio.all_tasks(loop) == set()
