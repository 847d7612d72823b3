"""A worker that stops in the middle of a chunk, as a process does that is paused."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from server.batch.receipt import Receipt
from server.domain.outcome import Outcome
from server.mongo.transaction import Transaction, TransactionRunner
from tests.support.batches.batch_work import lapse, queue
from tests.support.shop import Shop


class Gate:
    """Where something stops, until it is let through."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def stop(self) -> None:
        self.reached.set()
        await self.opened.wait()


class PausingRunner(TransactionRunner):
    """Its process can be paused when a transaction is about to commit."""

    gate: Gate | None = None

    async def _commit(self, *arguments: Any) -> Any:
        gate, self.gate = self.gate, None
        if gate is not None:
            await gate.stop()
        return await super()._commit(*arguments)


def before_receipt(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """The next chunk stops when it has written all but its receipt."""
    gate, write = Gate(), Receipt.write

    async def paused(self: Receipt, transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
        if not gate.reached.is_set() and transaction.receipts._chunks.database == store:
            await gate.stop()
        await write(self, transaction, outcomes)

    store = shop.driver.client[shop.database]
    monkeypatch.setattr(Receipt, "write", paused)
    return gate


@asynccontextmanager
async def paused_before_receipt(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gate]:
    """A worker of this shop claims a chunk and stops; afterwards it goes on to its end."""
    gate = before_receipt(shop, monkeypatch)
    running = asyncio.create_task(shop.assembly.worker.run_once())
    await gate.reached.wait()
    try:
        yield gate
    finally:
        gate.opened.set()
        await running


@asynccontextmanager
async def paused_before_commit(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, *, lapsed: bool = False
) -> AsyncIterator[None]:
    """It has written its receipt, too; `lapsed`: its lease has run out meanwhile.

    The shop has a `PausingRunner`. Whoever is paused renews nothing.
    """
    assert isinstance(shop.runner, PausingRunner)
    gate = Gate()
    monkeypatch.setattr(queue(shop), "renew", _nothing)
    async with paused_before_receipt(shop, monkeypatch) as first:
        if lapsed:
            lapse(shop)
        shop.runner.gate = gate
        first.opened.set()
        await gate.reached.wait()
        try:
            yield
        finally:
            gate.opened.set()


async def _nothing(*_: object) -> bool:
    return False
