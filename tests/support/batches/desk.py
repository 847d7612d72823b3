"""An engine whose transactions end when a test says so, without any database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from server.batches.engine.engine import Engine
from server.batches.engine.limits import Limits
from server.batches.engine.sharing.group_commit import GroupLimits
from server.domain.clock import utc_now
from server.domain.options import BatchOptions
from server.kinds.kind import BatchWork
from server.kinds.update_stock.declaration import UPDATE_STOCK
from server.kinds.update_stock.rules import Applied, StockItem, stock_item
from server.mongo.transaction import TransactionRunner
from server.web.metrics import Metrics

A, B, C, D = ("abcd"[place] * 24 for place in range(4))
NEVER = 300.0


class Transaction:
    """A transaction that has begun with some products, and ends when it is let go."""

    def __init__(self) -> None:
        self.products: list[str] = []
        self.let_go = asyncio.Event()


class Database:
    """A runner of transactions and the effects in them, without any database."""

    def __init__(self) -> None:
        self.begun: list[Transaction] = []
        self.is_held = True
        self.error: Exception | None = None

    async def run(self, body: Callable[[Any], Awaitable[Any]], **_options: object) -> Any:
        transaction = Transaction()
        self.begun.append(transaction)
        if self.error is not None:
            raise self.error
        outcomes = await body(transaction)
        if self.is_held:
            await transaction.let_go.wait()
        return outcomes

    async def settled(self) -> None:
        """Nothing is ever in doubt."""

    async def decide(
        self, transaction: Transaction, items: Sequence[StockItem], _now: object
    ) -> list[Applied]:
        transaction.products = [item.key for item in items]
        return [
            Applied(
                index=item.index, product_id=item.key, key=item.key, quantity=1, new_stock=place
            )
            for place, item in enumerate(items)
        ]

    async def write(self, *arguments: object) -> None:
        pass

    def products(self) -> list[list[str]]:
        return [transaction.products for transaction in self.begun]


@dataclass
class Desk:
    """An engine on such a database, and requests to it."""

    limits: GroupLimits = field(default_factory=lambda: GroupLimits(seconds=NEVER))
    database: Database = field(default_factory=Database)

    def __post_init__(self) -> None:
        self.engine = Engine(
            cast(TransactionRunner, self.database),
            Metrics(),
            clock=utc_now,
            concurrent_chunks=4,
            limits=Limits(),
            group_limits=self.limits,
        )
        self.work: BatchWork[Any, Any] = BatchWork(
            kind=UPDATE_STOCK, settings={}, effects=cast(Any, self.database)
        )

    async def send(self, *products: str, **options: Any) -> asyncio.Task[Any]:
        """Return the task of a request, which has arrived."""
        items = [stock_item(index, one, 1) for index, one in enumerate(products)]
        task = asyncio.create_task(self.engine.run(self.work, items, BatchOptions(**options)))
        await settled()
        return task

    async def let_go(self, number: int) -> None:
        """Let the transaction that began as `number`th end."""
        self.database.begun[number].let_go.set()
        await settled()

    async def end(self, *tasks: asyncio.Task[Any]) -> None:
        """Let all transactions end, and check that nothing is left over."""
        self.database.is_held = False
        for transaction in self.database.begun:
            transaction.let_go.set()
        async with asyncio.timeout(5):
            await asyncio.wait(tasks)
            await self.engine.drain()
        await settled()
        assert self.engine._groups._lines == {}
        assert self.engine._admission.turns._last == {}


async def settled() -> None:
    """Let all tasks run until each waits for something."""
    for _ in range(20):
        await asyncio.sleep(0)
