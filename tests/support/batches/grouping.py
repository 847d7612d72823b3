"""Hold a transaction up, let requests arrive meanwhile, and see which of them share the next."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from server.assembly import Sizes
from server.batches.engine.sharing.group_commit import GroupLimits
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.pausing import Gate, PausingRunner
from tests.support.shop import Shop, open_shop

NOTHING = ("nonsense", 1)  # an update that names no product takes no command
NEVER = 300.0  # seconds: a group begins only after the one before it has ended


@asynccontextmanager
async def open_grouping_shop(
    mongod: EmbeddedMongod,
    driver_name: DriverName,
    *,
    items: int = 500,
    seconds: float = NEVER,
    **runner_options: Any,
) -> AsyncIterator[Shop]:
    """Open a shop whose transactions can be held up."""
    sizes = Sizes(groups=GroupLimits(items=items, seconds=seconds))
    async with open_shop(
        mongod.uri, driver_name, sizes=sizes, runner=PausingRunner, **runner_options
    ) as shop:
        yield shop


def hold_next(shop: Shop) -> Gate:
    """Return a gate at which the next transaction will stop, before its commit."""
    assert isinstance(shop.runner, PausingRunner)
    gate = shop.runner.gate = Gate()
    return gate


async def reached(gate: Gate) -> None:
    """Return when a transaction has come to the gate."""
    async with asyncio.timeout(10):
        await gate.reached.wait()


async def held(shop: Shop, call: Coroutine[Any, Any, Any]) -> tuple[asyncio.Task[Any], Gate]:
    """Return the task of `call`, held up before its commit, and the gate that lets it go on."""
    gate = hold_next(shop)
    task = asyncio.create_task(call)
    await reached(gate)
    return task, gate


async def in_line(*calls: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
    """Return the tasks of calls that have arrived one after another, and wait."""
    tasks = [asyncio.create_task(call) for call in calls]
    await asyncio.sleep(0)  # each runs until it waits
    return tasks


async def sharing(
    shop: Shop, *calls: Coroutine[Any, Any, Any], hold: Coroutine[Any, Any, Any] | None = None
) -> Sequence[Any]:
    """Return the answers of calls that arrive in this order while a transaction is in flight.

    `hold` is the request of that transaction: of the calls' kind, and without any command. The log
    holds the commands of the calls alone.
    """
    task, gate = await held(shop, hold or shop.update([NOTHING]))
    tasks = await in_line(*calls)
    shop.commands.names.clear()
    gate.opened.set()
    await task
    return await asyncio.gather(*tasks)
