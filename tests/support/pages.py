"""The documents of the project, and how their requests are sent."""

from datetime import datetime
from pathlib import Path
from typing import Protocol

import httpx

from server.jobs.expiry_sweep import ExpirySweep
from server.mongo.products.samples import put_samples
from tests.support.curl import Request
from tests.support.examples import (
    Clock,
    Document,
    Example,
    Shown,
    Sweep,
    Work,
    as_text,
    parse,
)
from tests.support.shop import Shop

PROJECT = Path(__file__).parents[2]
README, EXAMPLES, MUTATIONS = "README.md", "docs/examples.md", "docs/mutations.md"
# In the order in which the README names them.
DOCUMENTS = [
    README,
    MUTATIONS,
    EXAMPLES,
    "docs/background.md",
    "docs/rest.md",
    "docs/idempotency.md",
    "docs/queries.md",
    "docs/convex.md",
    "docs/clients.md",
]
SAMPLES = frozenset(f"{number:024x}" for number in range(1, 13))


class Stage(Protocol):
    """A server, its clock and its jobs."""

    async def send(self, request: Request) -> httpx.Response: ...

    async def set_clock(self, moment: datetime) -> None: ...

    async def sweep(self) -> None: ...

    async def work(self) -> None: ...


class ShopStage:
    """A shop with the samples. Its jobs run when they are asked to, and at no other time."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def put_the_samples(self) -> None:
        await put_samples(self._shop.driver.client[self._shop.database], self._shop.clock())

    async def send(self, request: Request) -> httpx.Response:
        async with self._shop.http() as client:
            return await client.send(request.built("http://test"))

    async def set_clock(self, moment: datetime) -> None:
        self._shop.clock.stand_at(moment)

    async def sweep(self) -> None:
        await ExpirySweep(self._shop.runner, clock=self._shop.clock, interval_seconds=1).run_once()

    async def work(self) -> None:
        while await self._shop.assembly.worker.run_once():
            pass


def text_of(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def known_to(document: Document) -> frozenset[str]:
    """Return the ids that the server does not make up."""
    return document.ids() | SAMPLES


async def assert_it_shows_what_happens(name: str, stage: Stage, *, any_time: bool = False) -> None:
    """Send every request of a document, from top to bottom, and compare the answers."""
    document = parse(text_of(name))
    shown = Shown(known_to(document), any_time=any_time)
    for step in document.steps:
        match step:
            case Example():
                response = await stage.send(shown.asked(step.request))
                real = shown.show(step.answer_of(response), step.answer)
                told = as_text(real)
                assert told == as_text(step.answer), f"{name}, line {step.line}: {told}"
            case Clock():
                await stage.set_clock(step.moment)
            case Sweep():
                await stage.sweep()
            case Work():
                await stage.work()
