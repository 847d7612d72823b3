"""Apply the items of a product in input order, however many workers run the chunks."""

import asyncio
import random

import pytest

from server.batches.stored.claimed_chunks import ClaimedChunks
from server.domain.item_result import Input
from server.domain.lanes import MOST_LANES
from server.domain.outcome import Failed
from server.domain.stored_batch import ClaimedChunk
from server.kinds.update_stock.rules import Applied
from server.mongo.connection.driver import Session
from tests.support.batches.batch_work import (
    assert_exact,
    batches,
    chunk,
    chunks,
    results,
    submit,
    work_off,
)
from tests.support.models.stock_model import Model
from tests.support.shop import UNKNOWN_ID, Shop

HANDS = 16
SEEDS = range(6)


async def work_side_by_side(shop: Shop) -> None:
    """Run workers side by side until none of them finds a chunk."""
    while any(await asyncio.gather(*(work_off(shop) for _ in range(HANDS)))):
        pass


def sent(updates: list[tuple[str, float, int | None]]) -> list[Input]:
    return [
        {"productId": one, "quantity": quantity}
        | ({} if expected is None else {"expectedStock": expected})
        for one, quantity, expected in updates
    ]


def random_updates(
    generator: random.Random, ids: list[str], count: int
) -> list[tuple[str, float, int | None]]:
    """Return so many updates of so few products that most depend on earlier ones."""
    spellings = [*ids, *(one.upper() for one in ids), UNKNOWN_ID, "nonsense"]
    return [
        (
            generator.choice(spellings),
            generator.choice([-7, -3, -1, 1, 2, 5, 0.5]),
            generator.choice([None, None, None, generator.randrange(12)]),
        )
        for _ in range(count)
    ]


async def answers(shop: Shop, batch_id: str) -> list[tuple[str, int | None]]:
    """Return the answers that the model gives."""
    told: list[tuple[str, int | None]] = []
    for one in await results(shop, batch_id):
        outcome = one.outcome
        if isinstance(outcome, Failed):
            told.append((outcome.error.code.value, outcome.error.current_stock))
        else:
            assert isinstance(outcome, Applied)
            told.append(("OK", outcome.new_stock))
    return told


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_batch_does_what_its_items_would_do_one_after_the_other(
    shop: Shop, seed: int
) -> None:
    generator = random.Random(seed)
    ids = await shop.put(*(generator.randrange(12) for _ in range(5)))
    opening = shop.stocks()
    model = Model({**opening})
    updates = random_updates(generator, ids, 80)

    batch_id = await submit(shop, sent(updates), batch_size=1 + seed % 3)
    await work_side_by_side(shop)

    expected = model.update(updates, atomic=False, dry_run=False)
    assert await answers(shop, batch_id) == expected
    assert shop.stocks() == model.stocks
    assert_exact(shop, opening)


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_results_are_in_input_order_and_name_what_was_sent(shop: Shop, seed: int) -> None:
    generator = random.Random(seed)
    ids = await shop.put(*[5] * 40)
    inputs = sent(random_updates(generator, ids, 100))

    batch_id = await submit(shop, inputs, batch_size=1 + seed % 3)
    await work_side_by_side(shop)

    found = await results(shop, batch_id)
    assert [one.index for one in found] == list(range(100))
    assert [one.input for one in found] == inputs


async def test_two_thousand_updates_of_one_product_apply_in_input_order(shop: Shop) -> None:
    (one,) = await shop.put(0)
    inputs: list[Input] = [
        {"productId": one, "quantity": 1, "expectedStock": n} for n in range(2000)
    ]

    batch_id = await submit(shop, inputs, batch_size=100)
    await work_side_by_side(shop)

    assert await answers(shop, batch_id) == [("OK", n + 1) for n in range(2000)]
    assert_exact(shop, {one: 0})


async def test_the_chunks_of_a_lane_run_one_after_another_and_the_lanes_side_by_side(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await shop.put(*[10] * 64)
    await submit(shop, [{"productId": one, "quantity": 1} for one in ids] * 5, batch_size=1)
    assert batches(shop).find_one()["lanes"] == MOST_LANES
    running: list[int] = []
    begun_too_early: list[int] = []
    order: list[int] = []
    most = 0
    run = ClaimedChunks.run

    async def watched(self: ClaimedChunks, held: ClaimedChunk, session: Session) -> object:
        nonlocal most
        index = held.lease.index
        order.append(index)
        if index >= MOST_LANES:
            before = chunk(shop, held.lease.batch_id, index - MOST_LANES)
            begun_too_early.extend([index] if before["status"] != "done" else [])
        running.append(index)
        most = max(most, len(running))
        try:
            return await run(self, held, session)
        finally:
            running.remove(index)

    monkeypatch.setattr(ClaimedChunks, "run", watched)
    await work_side_by_side(shop)

    assert begun_too_early == []
    assert most > 4
    assert len(order) == chunks(shop).count_documents({})
    for lane in range(MOST_LANES):
        in_lane = [index for index in order if index % MOST_LANES == lane]
        assert in_lane == sorted(in_lane)
    assert_exact(shop, dict.fromkeys(ids, 10))


@pytest.mark.parametrize("seed", SEEDS)
async def test_several_batches_at_once_lose_nothing_of_each_other(shop: Shop, seed: int) -> None:
    """The order of the batches among each other is not promised."""
    generator = random.Random(seed)
    ids = await shop.put(*[1000] * 5)
    opening = shop.stocks()
    sizes = [generator.randrange(1, 4) for _ in range(4)]

    submitted = [
        await submit(
            shop,
            [{"productId": generator.choice(ids), "quantity": 1 - 2 * (n % 2)} for n in range(40)],
            batch_size=size,
        )
        for size in sizes
    ]
    await work_side_by_side(shop)

    assert [{one[0] for one in await answers(shop, own)} for own in submitted] == [{"OK"}] * 4
    assert_exact(shop, opening)
