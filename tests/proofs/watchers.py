"""Subscriptions that read many results, in a process of its own: JSON goes in, and JSON comes out.

python -m tests.proofs.watchers
"""

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass

from websockets.exceptions import ConnectionClosed

from tests.support.web.talking import Talk, talking

PER_SOCKET = 80
WATCH = (
    "subscription ($id: ID!) { batchProgress(id: $id) { processedItems results(first: 900) "
    "{ edges { cursor node { index success message newStock } } } } }"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchers:
    """How many subscriptions watch a batch, and for how long."""

    port: int
    batch: str
    count: int
    seconds: float


@dataclass(slots=True)
class Tally:
    """The states that were seen."""

    good: int = 0


async def listen(talk: Talk, tally: Tally) -> None:
    """Count the states until the connection ends."""
    with suppress(ConnectionClosed):
        async for text in talk.socket:
            tally.good += json.loads(text)["type"] == "next"


async def watch(watchers: Watchers, count: int, tally: Tally) -> None:
    """Subscribe `count` times over one connection."""
    async with talking(watchers.port, ping_interval=None) as talk:
        await talk.greet()
        listening = asyncio.create_task(listen(talk, tally))
        for number in range(count):
            await talk.subscribe(WATCH, str(number), variables={"id": watchers.batch})
        await asyncio.wait({listening})


async def run(watchers: Watchers) -> Tally:
    """Watch for some seconds, and hang up."""
    tally = Tally()
    counts = [
        min(PER_SOCKET, watchers.count - first) for first in range(0, watchers.count, PER_SOCKET)
    ]
    with suppress(TimeoutError):
        async with asyncio.timeout(watchers.seconds):
            await asyncio.gather(*(watch(watchers, count, tally) for count in counts))
    return tally


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(run(Watchers(**json.load(sys.stdin)))))))
