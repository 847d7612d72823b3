"""Tell the death of a process inside a chunk's transaction from whatever else ends a lease."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from server.batches.engine.engine import Engine
from server.batches.request import BatchRequest
from server.domain.death import Death
from server.domain.errors import LeaseLost
from server.domain.options import BatchOptions
from server.kinds.kind import Item
from server.kinds.update_stock.declaration import UPDATE_STOCK
from server.mongo.batches.workers import Workers
from tests.support.batches.batch_work import (
    assert_exact,
    chunk,
    chunks,
    claimed,
    codes,
    crash,
    database_time,
    lapse,
    leased,
    plus_one,
    queue,
    set_chunk,
    submit,
    suspected,
    work_off,
)
from tests.support.shop import Shop
from tests.support.waiting import until


class ProcessDied(BaseException):
    """An error that nothing handles, as nothing handles a crash."""


def workers(shop: Shop) -> Workers:
    return shop.assembly.queue.workers


async def suspected_chunk(shop: Shop, items: int = 4) -> str:
    """Submit a batch whose only chunk has been taken over once; return the batch's id."""
    batch_id = await submit(shop, plus_one(await shop.put(*[10] * items)))
    await crash(shop)
    return batch_id


async def die_in_it(shop: Shop, monkeypatch: pytest.MonkeyPatch, worker: str) -> None:
    """Claim the chunk and die in the middle of its transaction; the lease runs out."""

    async def die(*_: object) -> None:
        raise ProcessDied

    with monkeypatch.context() as patched:
        patched.setattr(Engine, "run_chunk", die)
        async with claimed(shop, worker) as (held, session):
            with pytest.raises(ProcessDied):
                await leased(shop).run(held, session)
    lapse(shop)


async def deaths(shop: Shop) -> list[tuple[str | None, int, int]]:
    """Claim the chunk; return the deaths that it has to answer for."""
    async with claimed(shop, "next") as (held, _):
        found = await leased(shop).suspicion.deaths(held)
    return [(death.worker, death.first, death.last) for death in found]


async def test_a_death_in_the_transaction_accuses_the_items_that_were_in_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await suspected_chunk(shop)
    await workers(shop).beat("A")

    await die_in_it(shop, monkeypatch, "A")
    await die_in_it(shop, monkeypatch, "B")

    assert await deaths(shop) == [("A", 0, 3), ("B", 0, 3)]


async def test_a_death_before_the_transaction_accuses_nobody(shop: Shop) -> None:
    await suspected_chunk(shop)
    await crash(shop)

    assert await deaths(shop) == []


async def test_a_worker_that_is_seen_later_was_slow_or_paused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = await suspected_chunk(shop)
    await die_in_it(shop, monkeypatch, "A")
    await die_in_it(shop, monkeypatch, "B")
    await workers(shop).beat("A")

    assert await deaths(shop) == [("B", 0, 3)]
    lapse(shop)
    await die_in_it(shop, monkeypatch, "C")  # which also writes down that A lives
    shop.admin[shop.database]["workers"].delete_many({})

    assert [one["worker"] for one in chunk(shop, batch_id)["deaths"]] == ["B"]
    assert await deaths(shop) == [("B", 0, 3), ("C", 0, 3)]


async def test_a_worker_that_was_last_seen_before_its_lease_ran_out_is_dead(shop: Shop) -> None:
    await workers(shop).beat("A")
    seen = shop.admin[shop.database]["workers"].find_one({"_id": "A"})["seenAt"]  # type: ignore[index]
    found = [
        Death(first=0, last=0, at=seen + timedelta(milliseconds=late), worker="A")
        for late in (-1, 0, 1)
    ]

    assert await workers(shop).still_dead(found) == found[1:]


async def test_a_worker_that_ends_on_purpose_has_not_died(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was told to stop, and its transaction did not end in time."""
    await suspected_chunk(shop)
    await workers(shop).leave("A")
    await die_in_it(shop, monkeypatch, "A")

    assert await deaths(shop) == []


async def test_only_a_chunk_that_was_taken_over_pays_for_a_mark(shop: Shop) -> None:
    ids = await shop.put(10, 10)
    batch_id = await submit(shop, plus_one(ids))
    before = len(shop.commands.names)
    await work_off(shop)
    unsuspected = shop.commands.names[before:].count("update")

    again = await submit(shop, plus_one(ids))
    await crash(shop)
    before = len(shop.commands.names)
    await work_off(shop)

    assert shop.commands.names[before:].count("update") == unsuspected + 1
    assert await codes(shop, batch_id) == await codes(shop, again) == ["OK", "OK"]


async def test_a_mark_belongs_to_the_holder_of_the_lease(shop: Shop) -> None:
    batch_id = await suspected_chunk(shop)
    async with claimed(shop, "A") as (held, session):
        lapse(shop)
        async with claimed(shop, "B"):
            with pytest.raises(LeaseLost):
                await queue(shop).mark(held.lease, 0, 3, [], session)

    assert "applying" not in chunk(shop, batch_id)["lease"]


async def test_a_mark_renews_the_lease(shop: Shop) -> None:
    """The chunk may have waited for the others of its process."""
    batch_id = await suspected_chunk(shop)
    async with claimed(shop, "A") as (held, session):
        lapse(shop)
        now = database_time(shop)
        await queue(shop).mark(held.lease, 0, 3, [], session)

    assert chunk(shop, batch_id)["lease"]["expiresAt"] > now + timedelta(seconds=1)


async def test_a_suspected_chunk_runs_while_no_other_chunk_of_its_process_does(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise each of them would look as guilty as the other whenever the process dies."""
    ids = await shop.put(*[10] * 12)
    batch_ids = [await submit(shop, plus_one(ids[start : start + 2])) for start in range(0, 12, 2)]
    for batch_id in batch_ids[1::2]:
        set_chunk(shop, batch_id, suspected(first=0, last=1, deaths=1))
    running: list[int] = []
    crowded: list[list[int]] = []
    run_chunk = Engine.run_chunk
    suspects = {id_ for start in range(2, 12, 4) for id_ in ids[start : start + 2]}

    async def watch(self: Engine, runner: Any, items: Sequence[Item]) -> Any:
        is_suspect = items[0].product_id in suspects  # type: ignore[attr-defined]
        running.append(is_suspect)
        crowded.append([*running])
        await asyncio.sleep(0.02)  # long enough for another to begin
        try:
            return await run_chunk(self, runner, items)
        finally:
            running.remove(is_suspect)

    monkeypatch.setattr(Engine, "run_chunk", watch)
    await asyncio.gather(*(shop.assembly.worker.run_once() for _ in range(6)))

    assert len(crowded) == 6
    assert [one for one in crowded if True in one] == [[True]] * 3
    assert max(len(one) for one in crowded) > 1
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_a_request_with_a_key_signs_with_the_name_of_its_process(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    run_chunk = Engine.run_chunk

    async def look(self: Engine, runner: Any, items: Sequence[Item]) -> Any:
        seen.extend(one["lease"]["worker"] for one in chunks(shop).find({"lease": {"$ne": None}}))
        return await run_chunk(self, runner, items)

    monkeypatch.setattr(Engine, "run_chunk", look)
    ids = await shop.put(10, 10)
    options = BatchOptions(batch_size=1)
    request = BatchRequest(work=UPDATE_STOCK.work(), options=options, key="signed")
    await shop.services.keyed.run(request, plus_one(ids))

    assert shop.assembly.worker.name in seen


async def test_a_worker_that_is_paused_is_struck_off_once_it_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It loses the lease in the middle of its transaction, comes back, and is seen again."""
    batch_id = await suspected_chunk(shop)
    inside, goes_on = asyncio.Event(), asyncio.Event()
    run_chunk = Engine.run_chunk

    async def pause(self: Engine, runner: Any, items: Sequence[Item]) -> Any:
        if not inside.is_set():
            inside.set()
            await goes_on.wait()
        return await run_chunk(self, runner, items)

    monkeypatch.setattr(Engine, "run_chunk", pause)
    paused = asyncio.create_task(shop.assembly.worker.run_once())
    await until(inside.is_set)
    lapse(shop)
    async with claimed(shop, "B") as (held, _):
        (one,) = held.deaths
        assert (one.worker, one.first, one.last) == (shop.assembly.worker.name, 0, 3)
        assert await leased(shop).suspicion.deaths(held) == [one]
        goes_on.set()
        await paused
        await shop.assembly.heartbeat.run_once()
        assert await leased(shop).suspicion.deaths(held) == []
    lapse(shop)
    await work_off(shop)
    assert await codes(shop, batch_id) == ["OK"] * 4
