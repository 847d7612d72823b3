"""Watch a batch: each change is told, whichever process makes it, and the end as well."""

import asyncio
from contextlib import aclosing

import pytest

from server.domain.errors import BadInput
from tests.support.batches.batch_work import work_off
from tests.support.batches.watching import (
    CHUNKS,
    COMPLETED,
    PENDING,
    assert_got_on,
    begun_streams,
    listeners,
    open_streams,
    submitted,
    watched,
    watching,
)
from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("told_in_time")


async def test_what_another_process_does_is_told_to_the_end(shop: Shop, other: Shop) -> None:
    batch = await submitted(other)

    async with watching(shop, batch) as seen:
        await work_off(other)

    assert seen[0].state is PENDING
    assert_got_on(seen)


async def test_each_step_is_told(shop: Shop, other: Shop) -> None:
    batch = await submitted(shop)

    async with watching(shop, batch) as seen:
        for done in range(1, CHUNKS):
            await other.assembly.worker.run_once()
            await until(lambda so_far=done: seen[-1].processed_items == so_far)
        await work_off(other)

    assert [*dict.fromkeys(one.processed_items for one in seen)] == list(range(CHUNKS + 1))
    assert_got_on(seen)


async def test_many_watchers_share_one_stream(shop: Shop, other: Shop) -> None:
    streams = begun_streams(shop)
    batches = [await submitted(shop) for _ in range(3)]
    watchers = [asyncio.create_task(watched(shop, one)) for one in batches * 10]
    await until(lambda: open_streams(shop) == 1)

    await work_off(other)

    for seen in await asyncio.gather(*watchers):
        assert_got_on(seen)
    assert len(streams) == 1
    await until(lambda: open_streams(shop) == 0)


async def test_the_stream_ends_with_the_last_watcher_and_begins_with_the_next(shop: Shop) -> None:
    streams = begun_streams(shop)
    batch = await submitted(shop)

    async with aclosing(shop.services.progress.watch(batch)) as first:
        await anext(first)
        async with aclosing(shop.services.progress.watch(batch)) as second:
            await anext(second)
            await until(lambda: open_streams(shop) == 1)
        assert listeners() == 1
    assert listeners() == 0
    await until(lambda: open_streams(shop) == 0)
    assert len(streams) == 1

    async with watching(shop, batch) as seen:
        await work_off(shop)
    assert_got_on(seen)
    assert len(streams) == 2


async def test_one_who_leaves_takes_nothing_from_the_others(shop: Shop, other: Shop) -> None:
    batch = await submitted(shop)

    async with watching(shop, batch) as seen:
        async with aclosing(shop.services.progress.watch(batch)) as leaving:
            await anext(leaving)
        await work_off(other)

    assert_got_on(seen)


async def test_a_batch_that_has_ended_is_told_once(shop: Shop) -> None:
    batch = await submitted(shop)
    await work_off(shop)

    (last,) = await watched(shop, batch)

    assert (last.state, last.success_count, last.failure_count) == (COMPLETED, CHUNKS - 1, 1)


async def test_there_is_nothing_to_watch_in_an_unknown_batch(shop: Shop) -> None:
    with pytest.raises(BadInput, match=f"There is no batch {UNKNOWN_ID}"):
        await watched(shop, UNKNOWN_ID)
