"""Rows that wait in chunks read as if they were stored: random stories against a model."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from server.domain.item_result import Input
from server.domain.listing import PageRequest, StockUpdateFilter
from server.domain.outcome import Failed
from server.domain.stock_update import StockUpdateStatus
from tests.support.batches.batch_work import (
    assert_exact,
    batch,
    results,
    submit,
    work_off,
)
from tests.support.batches.ledger_model import (
    LedgerModel,
    assert_equal,
    filters,
)
from tests.support.shop import UNKNOWN_ID, Shop

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
PENDING = StockUpdateStatus.PENDING
EVERYTHING = StockUpdateFilter()


def random_items(rng: random.Random, products: Sequence[str]) -> list[Input]:
    return [
        {
            "productId": rng.choice([*products, products[0].upper(), UNKNOWN_ID, "nonsense"]),
            "quantity": rng.choice([1, 2, -3, 0.5, 7]),
        }
        for _ in range(rng.choice([1, 2, 5, 30]))
    ]


class Story:
    """Random submissions, runs, cancellations and times, on a shop and on its model."""

    def __init__(self, shop: Shop, rng: random.Random, products: list[str]) -> None:
        self.shop, self.rng, self.products = shop, rng, products
        self.model = LedgerModel()
        self.now = NOON
        self.batches: list[str] = []

    async def step(self) -> None:
        self.now += timedelta(milliseconds=self.rng.choice([0, 0, 1, 1000]))
        self.shop.clock.stand_at(self.now)
        step = self.rng.choice(
            [self.submit, self.submit, self.run, self.run, self.run, self.cancel]
        )
        await step()

    async def submit(self) -> None:
        inputs = random_items(self.rng, self.products)
        size = self.rng.choice([1, 2, 3, 10])
        batch_id = await submit(self.shop, inputs, batch_size=size)
        self.batches.append(batch_id)
        self.model.submit(batch_id, inputs, self.now)
        whole = StockUpdateFilter(batch_id=batch_id)
        page = await self.shop.services.ledger.page(whole, PageRequest(first=1000))
        self.model.learn(list(page.items), batch_id)

    async def run(self) -> None:
        if await self.shop.assembly.worker.run_once():
            await self._settle(self.now)

    async def cancel(self) -> None:
        unended = [one for one in self.batches if not (await batch(self.shop, one)).state.is_final]
        if unended:
            chosen = self.rng.choice(unended)
            await self.shop.services.control.cancel(chosen)
            await self._settle(None)

    async def _settle(self, now: datetime | None) -> None:
        """Do to the model what the outcomes say; `now` is None if no chunk has run."""
        for batch_id in self.batches:
            for result in await results(self.shop, batch_id):
                outcome = result.outcome
                time = {} if now is None else {"timestamp": now}
                if isinstance(outcome, Failed):
                    code = outcome.errors[0].code.value
                    self.model.settle(batch_id, outcome.index, status="failed", code=code, **time)
                else:
                    stock = outcome.new_stock  # type: ignore[attr-defined]
                    self.model.settle(
                        batch_id, outcome.index, status="applied", new_stock=stock, **time
                    )


@pytest.mark.parametrize("seed", range(6))
async def test_random_batches_read_as_if_their_pending_rows_were_stored(
    shop: Shop, seed: int
) -> None:
    rng = random.Random(seed)
    products = await shop.put(10, 10, 0)
    story = Story(shop, rng, products)
    for _ in range(12):
        await story.step()
        asked = filters(story.model, products)
        for where in rng.sample(asked, min(25, len(asked))):
            await assert_equal(story.model, shop.services.ledger, where, rng.choice([1, 3, 8, 100]))
    await work_off(shop)
    assert_exact(shop, dict(zip(products, [10, 10, 0], strict=True)))
