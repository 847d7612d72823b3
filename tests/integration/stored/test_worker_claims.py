"""Claim chunks: each goes to one worker, in its turn, and not before its time."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from server.domain.clock import utc_now
from server.domain.lanes import MOST_LANES
from server.domain.stored_batch import ClaimedChunk
from tests.support.batches.batch_work import (
    assert_exact,
    batches,
    chunk,
    chunks,
    claimed,
    crash,
    database_time,
    plus_one,
    queue,
    set_chunk,
    submit,
    work_off,
)
from tests.support.shop import Shop


async def claim_once(shop: Shop, name: str) -> ClaimedChunk | None:
    async with shop.runner.session() as session:
        return await queue(shop).claim(name, session)


async def test_of_twenty_claims_on_one_chunk_exactly_one_wins(two: tuple[Shop, Shop]) -> None:
    for round_ in range(5):
        batch_id = await submit(two[0], plus_one(await two[0].put(10)))

        claims = await asyncio.gather(
            *(claim_once(two[place % 2], f"worker {place}") for place in range(20))
        )

        (won,) = [one for one in claims if one is not None]
        assert (won.lease.batch_id, won.crashes) == (batch_id, 0)
        stored = chunk(two[0], batch_id)["lease"]
        assert stored["token"] == won.lease.token, round_
        assert stored["worker"] == f"worker {claims.index(won)}"


async def test_twenty_claims_on_twenty_chunks_get_one_each(two: tuple[Shop, Shop]) -> None:
    for _ in range(20):
        await submit(two[0], plus_one(await two[0].put(10)))

    claims = await asyncio.gather(*(claim_once(two[place % 2], "worker") for place in range(20)))

    assert len({one.lease.batch_id for one in claims if one is not None}) == 20
    assert {one.crashes for one in claims if one is not None} == {0}


async def test_forty_hands_on_the_chunks_of_one_batch_run_each_once(two: tuple[Shop, Shop]) -> None:
    ids = await two[0].put(*[10] * 60)
    await submit(two[0], plus_one(ids), batch_size=1)

    async def hand(shop: Shop) -> int:
        return await work_off(shop)

    ran = await asyncio.gather(*(hand(two[place % 2]) for place in range(40)))

    assert sum(ran) == 60
    assert set(two[0].stocks().values()) == {11}
    assert_exact(two[0], dict.fromkeys(ids, 10))


@pytest.mark.parametrize(
    ("milliseconds", "is_free"),
    [(-60_000, True), (-1, True), (0, True), (5_000, False), (60_000, False)],
)
async def test_a_chunk_is_free_from_the_millisecond_in_which_its_lease_ends(
    shop: Shop, milliseconds: int, is_free: bool
) -> None:
    """The database's clock, which decides, has moved on by the time of the claim."""
    batch_id = await submit(shop, plus_one(await shop.put(10)))
    async with claimed(shop):
        pass
    now = database_time(shop)
    ends = now + timedelta(milliseconds=milliseconds)
    set_chunk(shop, batch_id, {"lease.expiresAt": ends})

    found = await claim_once(shop, "B")

    assert (found is not None) == is_free
    if found is not None:
        assert (found.crashes, len(found.left_open)) == (1, 1)
    else:
        assert chunk(shop, batch_id)["lease"]["expiresAt"] == ends


async def test_a_claim_lasts_as_long_as_a_lease_by_the_clock_of_the_database(shop: Shop) -> None:
    batch_id = await submit(shop, plus_one(await shop.put(10)))

    before = database_time(shop)
    async with claimed(shop):
        pass
    after = database_time(shop)

    lasts = timedelta(seconds=queue(shop).lease_seconds)
    ends = chunk(shop, batch_id)["lease"]["expiresAt"]
    assert before + lasts <= ends <= after + lasts


async def test_a_chunk_in_back_off_is_not_claimed_before_its_time(shop: Shop) -> None:
    batch_id = await submit(shop, plus_one(await shop.put(10)))
    async with claimed(shop) as (held, _):
        await queue(shop).give_back(held.lease, delay_seconds=3600, failed=True)

    assert await work_off(shop) == 0
    assert "lease" not in chunk(shop, batch_id)

    set_chunk(shop, batch_id, {"readyAt": utc_now() - timedelta(seconds=1)})
    again = await claim_once(shop, "B")
    assert again is not None
    assert (again.attempts, again.crashes, again.left_open) == (1, 0, [])


async def test_a_chunk_that_waits_for_the_one_before_it_is_never_claimed(shop: Shop) -> None:
    (one,) = await shop.put(10)
    batch_id = await submit(shop, plus_one([one] * 3), batch_size=1)
    lanes = batches(shop).find_one()["lanes"]
    lane = [index for index in range(3 * lanes) if chunk(shop, batch_id, index)]

    held = await crash(shop)
    again = await crash(shop)
    async with claimed(shop) as (third, _):
        assert await claim_once(shop, "B") is None

    assert {one.lease.index for one in (held, again, third)} == {lane[0]}
    assert [chunk(shop, batch_id, index)["blocked"] for index in lane] == [False, True, True]


async def test_a_small_batch_behind_a_long_one_is_next(shop: Shop) -> None:
    ids = await shop.put(*[10] * 100)
    long = await submit(shop, plus_one(ids), batch_size=1)
    for _ in range(MOST_LANES):  # those that the long one may begin with
        await shop.assembly.worker.run_once()

    small = await submit(shop, plus_one(ids[:1]))

    async with claimed(shop) as (held, _):
        assert held.lease.batch_id == small
    assert chunk(shop, long, MOST_LANES) is not None


async def order_of_claims(shop: Shop, claims: int, submit_next: Any) -> list[str]:
    order = []
    for place in range(claims):
        await submit_next(place)
        async with claimed(shop) as (held, session):
            order.append(held.lease.batch_id)
            await shop.assembly.worker._chunks.run(held, session)
    return order


async def test_a_long_batch_is_not_starved_by_a_stream_of_small_ones(shop: Shop) -> None:
    """The next chunk of its lane makes way for what comes in the ten seconds after it could run."""
    ids = await shop.put(*[10] * 8)
    long = await submit(shop, plus_one(ids[:1] * 3), batch_size=1)
    await shop.assembly.worker.run_once()

    async def next_claim() -> str:
        async with claimed(shop) as (held, _):
            await queue(shop).give_back(held.lease, delay_seconds=3600, failed=False)
        return held.lease.batch_id

    small = await submit(shop, plus_one(ids[1:2]))
    assert await next_claim() == small

    chunks(shop).update_one(
        {"batchId": ObjectId(long), "status": "pending", "blocked": False},
        [{"$set": {"due": {"$subtract": ["$due", 11_000]}}}],
    )
    await submit(shop, plus_one(ids[2:3]))
    assert await next_claim() == long


async def test_batches_of_one_chunk_come_in_the_order_in_which_they_were_submitted(
    shop: Shop,
) -> None:
    ids = await shop.put(10)
    start = utc_now() - timedelta(hours=1)
    submitted = []
    for place in range(5):
        shop.clock.stand_at(start + timedelta(seconds=place))
        submitted.append(await submit(shop, plus_one(ids)))

    order = []
    for _ in submitted:
        async with claimed(shop) as (held, session):
            order.append(held.lease.batch_id)
            await shop.assembly.worker._chunks.run(held, session)

    assert order == submitted


async def test_a_claim_of_nothing_changes_nothing(shop: Shop) -> None:
    batch_id = await submit(shop, plus_one(await shop.put(10)))
    await work_off(shop)
    before = chunk(shop, batch_id)

    assert await claim_once(shop, "B") is None

    assert chunk(shop, batch_id) == before


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(hours=-1)])
async def test_a_batch_begins_at_once_whatever_the_clock_of_its_server_says(
    shop: Shop, ahead: timedelta
) -> None:
    """Only the database's clock decides when a chunk is ready."""
    (one,) = await shop.put(10)
    shop.clock.stand_at(utc_now() + ahead)

    await submit(shop, plus_one([one]))

    assert await work_off(shop) == 1
    assert_exact(shop, {one: 10})
