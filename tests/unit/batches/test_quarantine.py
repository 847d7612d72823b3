"""Keep one block apart from all others."""

import asyncio
from contextlib import AbstractAsyncContextManager

import pytest

from server.batches.stored.quarantine import Quarantine
from tests.support.waiting import until


class Visit:
    """A task that is in the block until it is told to leave."""

    def __init__(self, block: AbstractAsyncContextManager[None]) -> None:
        self.is_inside = False
        self._leave = asyncio.Event()
        self.task = asyncio.create_task(self._stay(block))

    async def _stay(self, block: AbstractAsyncContextManager[None]) -> None:
        async with block:
            self.is_inside = True
            try:
                await self._leave.wait()
            finally:
                self.is_inside = False

    async def end(self) -> None:
        self._leave.set()
        await self.task


async def settled() -> None:
    """Let every task run until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_blocks_run_together_until_one_must_be_alone() -> None:
    quarantine = Quarantine()
    first, second = Visit(quarantine.together()), Visit(quarantine.together())
    await until(lambda: first.is_inside and second.is_inside)

    alone = Visit(quarantine.alone())
    await settled()
    later = Visit(quarantine.together())
    await first.end()
    await settled()
    assert (alone.is_inside, later.is_inside) == (False, False)

    await second.end()
    await until(lambda: alone.is_inside)
    await settled()
    assert not later.is_inside

    await alone.end()
    await until(lambda: later.is_inside)
    await later.end()


async def test_two_that_must_be_alone_take_turns() -> None:
    quarantine = Quarantine()
    first = Visit(quarantine.alone())
    await until(lambda: first.is_inside)
    second = Visit(quarantine.alone())
    await settled()
    assert not second.is_inside

    await first.end()
    await until(lambda: second.is_inside)
    await second.end()


@pytest.mark.parametrize("is_inside", [False, True])
async def test_one_that_is_cancelled_holds_nobody_up(is_inside: bool) -> None:
    quarantine = Quarantine()
    first = Visit(quarantine.together())
    await until(lambda: first.is_inside)
    alone = Visit(quarantine.alone())
    await settled()
    if is_inside:
        await first.end()
        await until(lambda: alone.is_inside)
    later = Visit(quarantine.together())
    await settled()
    assert not later.is_inside

    alone.task.cancel()

    await until(lambda: later.is_inside)
    await asyncio.gather(alone.task, return_exceptions=True)
    await later.end()
    await first.end()
