"""An admission that has no room, because others have begun."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.web.admission.admission import Admission, Newcomer

SMALL, LARGE = 200, 10_000  # ten and eight of these fill their lanes


@asynccontextmanager
async def full(admission: Admission, *works: int) -> AsyncIterator[None]:
    """Fill the lanes of requests with this much work until the block ends."""
    end = asyncio.Event()

    async def hold(caller: str, work: int) -> None:
        async with admission.admitted(Newcomer(caller=caller, work=work)):
            await end.wait()

    holding = [
        asyncio.create_task(hold(f"busy {number}", work))
        for work in works
        for number in range(10 if work == SMALL else 8)
    ]
    await asyncio.sleep(0)
    try:
        yield
    finally:
        end.set()
        await asyncio.gather(*holding)
