"""Put requests into lines and groups, with transactions that end when a test says so."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from server.batches.engine.chunk import ChunkRunner
from server.batches.engine.sharing.group_commit import GroupLimits
from server.domain.errors import CommitUnknown, DatabaseUnavailable
from server.domain.item_error import ItemErrorCode
from server.domain.options import BatchOptions
from server.kinds.update_stock.rules import stock_item
from server.web.metrics import Metrics
from tests.support.batches.desk import NEVER, A, B, C, D, Desk, settled


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[asyncio.TimerHandle]]:
    """Note every timer of group commit that is set."""
    noted: list[asyncio.TimerHandle] = []
    set_timer = asyncio.SelectorEventLoop.call_later

    def call_later(loop: Any, delay: float, *arguments: Any, **context: Any) -> Any:
        timer = set_timer(loop, delay, *arguments, **context)
        if delay == NEVER:
            noted.append(timer)
        return timer

    monkeypatch.setattr(asyncio.SelectorEventLoop, "call_later", call_later)
    return noted  # type: ignore[return-value]


async def test_a_request_begins_at_once_if_none_is_in_flight(
    timers: list[asyncio.TimerHandle],
) -> None:
    desk = Desk()

    task = await desk.send(A)

    assert desk.database.products() == [[A]]
    await desk.end(task)
    assert timers == []


async def test_requests_that_arrive_meanwhile_share_the_next(
    timers: list[asyncio.TimerHandle],
) -> None:
    desk = Desk()
    tasks = [await desk.send(one) for one in (A, B, C, B)]

    assert desk.database.products() == [[A]]
    await desk.let_go(0)

    assert desk.database.products() == [[A], [B, C, B]]
    await desk.end(*tasks)
    assert [[one.product_id for one in task.result()] for task in tasks] == [[A], [B], [C], [B]]
    assert [task.result()[0].index for task in tasks] == [0] * 4
    assert [timer.cancelled() for timer in timers] == [True]


async def test_requests_of_the_same_moment_share_the_first(
    timers: list[asyncio.TimerHandle],
) -> None:
    desk = Desk()
    items = [stock_item(0, A, 1)]
    tasks = [
        asyncio.create_task(desk.engine.run(desk.work, items, BatchOptions())) for _ in range(3)
    ]
    await settled()

    assert desk.database.products() == [[A, A, A]]
    await desk.end(*tasks)
    assert timers == []


async def test_a_group_is_bounded_in_items() -> None:
    desk = Desk(GroupLimits(items=3, seconds=NEVER))
    tasks = [await desk.send(*products) for products in ([A], [B, B], [C, C], [D])]
    await desk.let_go(0)
    await desk.let_go(1)

    assert desk.database.products() == [[A], [B, B], [C, C, D]]
    await desk.end(*tasks)


async def test_a_group_begins_although_the_one_before_it_hangs() -> None:
    desk = Desk(GroupLimits(seconds=0.01))
    tasks = [await desk.send(one) for one in (A, B, A)]

    async with asyncio.timeout(5):
        await tasks_begun(desk, 2)
    assert desk.database.products() == [[A], [B]]

    tasks.append(await desk.send(C))
    async with asyncio.timeout(5):
        await tasks_begun(desk, 3)
    assert desk.database.products() == [[A], [B], [C]]
    await desk.end(*tasks)


async def tasks_begun(desk: Desk, count: int) -> None:
    while len(desk.database.begun) < count:  # noqa: ASYNC110 - a timer begins it
        await asyncio.sleep(0.001)


async def test_one_who_waits_for_a_big_request_holds_up_no_other() -> None:
    """A small, B big with A's product, C small with B's product, D small with none of theirs."""
    desk = Desk()
    a = await desk.send(A)
    big = await desk.send(A, B, atomic=True)
    c, d = await desk.send(B), await desk.send(D)
    await desk.let_go(0)

    assert sorted(desk.database.products()) == [[A], [A, B], [D]]
    assert not c.done()
    await desk.let_go(desk.database.products().index([A, B]))

    await desk.let_go(desk.database.products().index([D]))
    assert desk.database.products()[3:] == [[B]]
    await desk.end(a, big, c, d)


async def test_a_request_does_not_get_past_one_that_waits() -> None:
    """The second waits for the big one, so the third, which shares a product with it, waits too."""
    desk = Desk()
    big = await desk.send(A, atomic=True)
    second, third, fourth = await desk.send(A, B), await desk.send(B), await desk.send(C)

    assert desk.database.products() == [[A], [C]]
    await desk.let_go(1)
    await desk.let_go(0)

    assert desk.database.products() == [[A], [C], [A, B, B]]
    await desk.end(big, second, third, fourth)


async def test_a_big_request_waits_for_those_before_it_and_goes_before_those_behind() -> None:
    desk = Desk()
    first = await desk.send(A)
    big = await desk.send(A, B, batch_size=1)
    last = await desk.send(A, B)
    await desk.let_go(0)

    assert sorted(desk.database.products()) == [[A], [A], [B]]
    await desk.let_go(1)
    await desk.let_go(2)

    assert desk.database.products()[3:] == [[A, B]]
    await desk.end(first, big, last)


async def test_a_caller_that_leaves_takes_nothing_with_it() -> None:
    desk = Desk()
    first, second, third, fourth = [await desk.send(*one) for one in ([A], [A, B], [B], [A])]
    second.cancel()
    await settled()

    assert second.cancelled()
    assert desk.database.products() == [[A]]
    await desk.let_go(0)
    assert desk.database.products() == [[A], [B, A]]
    await desk.end(first, third, fourth)


async def test_all_that_wait_may_leave() -> None:
    desk = Desk()
    first = await desk.send(A)
    others = [await desk.send(A, B) for _ in range(3_000)]
    for other in others:
        other.cancel()
    await settled()

    await desk.end(first, *others)
    assert desk.database.products() == [[A]]


async def test_a_request_that_has_begun_goes_on_without_its_caller() -> None:
    desk = Desk()
    first, second, third = await desk.send(A), await desk.send(B), await desk.send(C)
    await desk.let_go(0)
    second.cancel()
    await settled()
    desk.database.begun[1].let_go.set()

    assert [one.product_id for one in await third] == [C]
    assert desk.database.products() == [[A], [B, C]]
    await desk.end(first, second)


async def test_only_so_many_groups_are_in_flight() -> None:
    desk = Desk(GroupLimits(seconds=0.001))
    tasks = [await desk.send(f"{place:024x}") for place in range(8)]
    async with asyncio.timeout(5):
        await tasks_begun(desk, 2)
    for place in range(3, 9):
        tasks.append(await desk.send(f"{place:024x}a"[1:]))
        async with asyncio.timeout(5):
            await tasks_begun(desk, place)
    tasks += [await desk.send(f"{place:024x}b"[1:]) for place in range(3)]

    draining = asyncio.create_task(desk.engine.drain())
    (line,) = desk.engine._groups._lines.values()
    desk.engine._groups._look_again(line)
    await settled()
    assert len(desk.database.begun) == 8
    assert not draining.done()
    await desk.end(draining, *tasks)
    assert len(desk.database.begun) == 9


@pytest.mark.parametrize("error", [DatabaseUnavailable("away"), CommitUnknown("in doubt")])
async def test_what_is_nobodys_fault_fails_all_and_runs_nothing_again(error: Exception) -> None:
    desk = Desk()
    tasks = [await desk.send(one) for one in (A, B, C)]
    desk.database.error = error
    await desk.let_go(0)

    codes = [task.result()[0].error.code for task in tasks[1:]]
    assert codes == [ItemErrorCode.UNAVAILABLE] * 2
    assert len(desk.database.begun) == 2
    await desk.end(*tasks)


async def test_draining_waits_for_one_who_waits_for_a_stored_chunk() -> None:
    """The worker that runs the chunk is stopped apart, so the chunk is not in flight here."""
    desk = Desk()
    runner = desk.engine.chunk_runner(desk.work, BatchOptions(), desk.engine._plain)
    stored = asyncio.create_task(desk.engine.run_chunk(runner, [stock_item(0, A, 1)]))
    await settled()
    small = await desk.send(A)
    draining = asyncio.create_task(desk.engine.drain())
    await settled()

    assert not draining.done()
    await desk.end(draining, stored, small)
    assert desk.database.products() == [[A], [A]]


async def test_an_error_after_the_commit_makes_nothing_run_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Metrics, "items_answered", broken)
    desk = Desk()
    task = await desk.send(A)

    await desk.end(task)
    assert [one.product_id for one in task.result()] == [A]
    assert desk.database.products() == [[A]]


async def test_a_task_that_is_cancelled_leaves_no_caller_waiting() -> None:
    desk = Desk()
    task = await desk.send(A)
    for running in list(desk.engine.in_flight._tasks):
        running.cancel()
    await settled()

    assert task.cancelled()
    await desk.end(task)


@pytest.mark.parametrize(
    ("options", "shares"),
    [
        ({}, True),
        ({"batch_size": 1}, True),
        ({"atomic": True}, False),
        ({"dry_run": True}, False),
        ({"continue_on_error": False}, False),
        ({"atomic": True, "continue_on_error": True}, False),
    ],
)
def test_only_a_request_that_can_run_in_any_transaction_shares_one(
    options: dict[str, Any], shares: bool
) -> None:
    asyncio.run(_takes(options, [A], shares))


@pytest.mark.parametrize(("items", "sent", "shares"), [(0, 1, False), (2, 2, True), (2, 3, False)])
def test_only_a_small_request_shares_a_transaction(items: int, sent: int, shares: bool) -> None:
    asyncio.run(_takes({}, [A] * sent, shares, items))


async def _takes(
    options: dict[str, Any], products: Sequence[str], shares: bool, most: int = 500
) -> None:
    desk = Desk(GroupLimits(items=most))
    runner: ChunkRunner[Any, Any] = desk.engine.chunk_runner(
        desk.work, BatchOptions(**options), desk.engine._plain
    )
    items = [stock_item(index, one, 1) for index, one in enumerate(products)]

    assert desk.engine._groups.takes(runner, items) is shares
