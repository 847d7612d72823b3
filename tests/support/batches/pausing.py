"""Pause a worker in the middle of a chunk, as its process may be paused."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from server.batches.stored.fenced_transactions import FencedTransactions
from server.domain.outcome import Outcome
from server.mongo.transaction import Transaction, TransactionRunner
from tests.support.batches.batch_work import lapse, queue
from tests.support.shop import Shop


class Gate:
    """A point at which a task stops until it is let through."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def stop(self) -> None:
        self.reached.set()
        await self.opened.wait()


class PausingRunner(TransactionRunner):
    """A transaction runner that can be paused just before it commits."""

    gate: Gate | None = None

    async def _commit(self, *arguments: Any) -> Any:
        gate, self.gate = self.gate, None
        if gate is not None:
            await gate.stop()
        return await super()._commit(*arguments)


def before_receipt(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Pause the next chunk once all of it is written but its receipt."""
    gate, write = Gate(), FencedTransactions.write_receipt

    async def paused(
        self: FencedTransactions, transaction: Transaction, outcomes: Sequence[Outcome]
    ) -> None:
        if not gate.reached.is_set() and transaction.receipts._chunks.database == store:
            await gate.stop()
        await write(self, transaction, outcomes)

    store = shop.driver.client[shop.database]
    monkeypatch.setattr(FencedTransactions, "write_receipt", paused)
    return gate


@asynccontextmanager
async def paused_before_receipt(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gate]:
    """Pause this shop's worker before the receipt of a chunk; let it finish after the block."""
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
    """Pause this shop's worker between the receipt and the commit of a chunk.

    The shop needs a `PausingRunner`. The paused worker renews no lease; with `lapsed`, its lease
    has run out.
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
