"""Hold a commit up, and act while it is under way."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tests.support.shop import Shop

T = TypeVar("T")
BLOCK_MS = 500


@contextmanager
def slow_commits(shop: Shop) -> Iterator[None]:
    """Let every commit of the tested client take `BLOCK_MS` longer."""
    with shop.failing(
        "commitTransaction", mode="alwaysOn", blockConnection=True, blockTimeMS=BLOCK_MS
    ):
        yield


async def committing(shop: Shop, call: Coroutine[Any, Any, T], commits: int = 1) -> asyncio.Task[T]:
    """Return the task of `call` once that many commits of it are under way, and none has ended."""
    loop, under_way = asyncio.get_running_loop(), asyncio.Event()

    def notice(_name: str) -> None:
        if shop.commands.names.count("commitTransaction") >= commits:
            loop.call_soon_threadsafe(under_way.set)

    shop.commands.on_start = notice
    caller = asyncio.create_task(call)
    await asyncio.wait_for(under_way.wait(), 10)
    return caller
