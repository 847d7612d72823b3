"""Callers that hang up."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from starlette.requests import ClientDisconnect, Request

T = TypeVar("T")

_AT_FIRST_SECONDS: Final = 0.05  # most queries have ended by then, and need no one who watches
_ASK_AGAIN_SECONDS: Final = 0.1  # a request that could be a mutation may turn out to be a query


async def left(request: Request) -> None:
    """Return when the caller of a request has left. Its body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def unless_left(
    request: Request,
    running: Coroutine[Any, Any, T],
    stays: Callable[[], bool] = lambda: False,
) -> T:
    """Return what `running` returns, and cancel it if the caller leaves before.

    Once the caller has left, `stays` is asked again and again whether it goes on all the same.

    Raises:
        ClientDisconnect: the caller has left.
    """
    task = asyncio.ensure_future(running)
    leaving: asyncio.Task[None] | None = None
    try:
        await asyncio.wait({task}, timeout=_AT_FIRST_SECONDS)
        if not task.done():
            leaving = asyncio.ensure_future(left(request))
            await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
        while not task.done() and stays():
            await asyncio.wait({task}, timeout=_ASK_AGAIN_SECONDS)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        for one in (task, leaving):
            if one is not None and not one.done():
                one.cancel()
                await asyncio.wait({one})
