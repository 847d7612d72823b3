"""A crowd of clients, in a process of its own: JSON goes in, and JSON comes out.

    python -m tests.proofs.crowd

Each client sends the same request again and again on one connection. It gives up after its
patience, as people do: it closes the connection and opens another one.
"""

import asyncio
import json
import random
import sys
import time
from dataclasses import asdict, dataclass, field

DEAD = 3600.0  # the patience of those who wait for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Who asks what. `patience` is in seconds; `honours` says whether Retry-After is waited for."""

    port: int
    clients: int
    seconds: float
    patience: float = DEAD
    honours: bool = True
    bodies: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """What the crowd has seen. `times` are those of good answers, in seconds."""

    good: int = 0
    refused: int = 0
    given_up: int = 0
    broken: int = 0
    times: list[float] = field(default_factory=list)


async def client(crowd: Crowd, number: int, until: float, tally: Tally) -> None:
    """Ask until the time is up."""
    body = crowd.bodies[number % len(crowd.bodies)].encode()
    request = (
        b"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n" % len(body)
    ) + body
    await asyncio.sleep(random.random() * min(1.0, crowd.seconds / 4))
    streams = None
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            streams = streams or await asyncio.open_connection("127.0.0.1", crowd.port)
            async with asyncio.timeout(min(crowd.patience, max(until - began, 0.01) + 5)):
                status, wait = await ask(*streams, request)
        except TimeoutError:
            tally.given_up += 1
            streams = hung_up(streams)
            continue
        except (OSError, asyncio.IncompleteReadError, ValueError):
            tally.broken += 1
            streams = hung_up(streams)
            await asyncio.sleep(0.05)
            continue
        if status == 200:
            if time.monotonic() < until:
                tally.good += 1
                tally.times.append(time.monotonic() - began)
        else:
            tally.refused += 1
            if crowd.honours:
                await asyncio.sleep(min(wait, max(0.0, until - time.monotonic())))
    hung_up(streams)


def hung_up(streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None) -> None:
    """Close the connection at once."""
    if streams is not None:
        streams[1].transport.abort()


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> tuple[int, float]:
    """Return the status of an answer, and the seconds after which to ask again."""
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status, length, wait = int(head[9:12]), 0, 1.0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name == b"content-length":
            length = int(value)
        elif name == b"retry-after":
            wait = float(value)
    await reader.readexactly(length)
    return status, wait


async def run(crowd: Crowd) -> Tally:
    """Let all clients ask for `seconds`."""
    tally = Tally()
    until = time.monotonic() + crowd.seconds
    clients = (client(crowd, number, until, tally) for number in range(crowd.clients))
    await asyncio.gather(*clients)
    return tally


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(run(Crowd(**json.load(sys.stdin)))))))
