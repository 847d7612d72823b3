"""Admit requests: at once, after a short wait, or not at all."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.requests import ClientDisconnect

from server.domain.errors import Overloaded
from server.web.admission.admission import Admission, Newcomer, work_of
from server.web.admission.throughput import Throughput
from tests.support.waiting import until

LARGE = 10_000  # as much work as 8 of these alone fill a server


def newcomer(work: int = 100, caller: str = "one", **options: object) -> Newcomer:
    return Newcomer(caller=caller, work=work, **options)  # type: ignore[arg-type]


@asynccontextmanager
async def busy(admission: Admission) -> AsyncIterator[list[asyncio.Event]]:
    """Keep the server busy with requests that end when their events are set."""
    ends = [asyncio.Event() for _ in range(8)]

    async def hold(end: asyncio.Event) -> None:
        async with admission.admitted(newcomer(LARGE, "busy")):
            await end.wait()

    holding = [asyncio.create_task(hold(end)) for end in ends]
    await asyncio.sleep(0)
    try:
        yield ends
    finally:
        for end in ends:
            end.set()
        await asyncio.gather(*holding)


async def test_a_request_begins_at_once_while_there_is_room() -> None:
    admission = Admission(queue_seconds=0)
    async with busy(admission):
        pass
    async with admission.admitted(newcomer()):
        pass
    assert (admission._running, admission._running_work) == (0, 0)


async def test_many_small_requests_run_at_once() -> None:
    admission = Admission(queue_seconds=0)
    together = asyncio.Barrier(32)

    async def one() -> None:
        async with admission.admitted(newcomer(30)):
            await together.wait()

    await asyncio.gather(*(one() for _ in range(32)))


async def test_a_request_that_waits_begins_when_another_ends() -> None:
    admission = Admission(queue_seconds=60)
    begun: list[str] = []

    async def one(name: str) -> None:
        async with admission.admitted(newcomer(LARGE)):
            begun.append(name)

    async with busy(admission) as ends:
        waiting = [asyncio.create_task(one(name)) for name in ("first", "second")]
        await asyncio.sleep(0)
        assert begun == []
        ends[0].set()
        await until(lambda: len(begun) == 2)
    await asyncio.gather(*waiting)

    assert begun == ["first", "second"]


async def test_a_request_that_cannot_begin_in_time_is_refused() -> None:
    admission = Admission(queue_seconds=0.01)
    async with busy(admission):
        with pytest.raises(Overloaded) as refused:
            async with admission.admitted(newcomer()):
                pytest.fail("it began")

    assert refused.value.retry_after_seconds in (1, 2)
    assert admission.refused == 1
    assert (admission._running, len(admission._queue)) == (0, 0)


async def test_a_request_without_hope_is_refused_at_once() -> None:
    admission = Admission(queue_seconds=60)
    admission._throughput.per_second = 10
    async with busy(admission):
        waiting = asyncio.create_task(_run(admission, newcomer(700)))
        await asyncio.sleep(0)

        with pytest.raises(Overloaded) as refused:
            admission.require_hope("one")
        with pytest.raises(Overloaded):
            await _run(admission, newcomer())
        admission._throughput.per_second = 1000
        admission.require_hope("one")
    await waiting

    assert refused.value.retry_after_seconds in (70, 71)


async def test_an_unkeyed_request_whose_caller_has_left_never_begins() -> None:
    admission = Admission(queue_seconds=60)
    gone = asyncio.Event()

    async def left() -> None:
        await gone.wait()

    async with busy(admission):
        waiting = asyncio.create_task(_run(admission, newcomer(LARGE, left=left)))
        stays = asyncio.create_task(_run(admission, newcomer(LARGE)))
        await asyncio.sleep(0)
        gone.set()
        with pytest.raises(ClientDisconnect):
            await waiting
        assert not stays.done()
    await stays


@pytest.mark.parametrize("seed", range(5))
async def test_nothing_is_held_for_ever_whatever_comes_together(seed: int) -> None:
    chance = random.Random(seed)
    admission = Admission(queue_seconds=0.02)

    async def left(seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def one(number: int) -> str:
        leaves = (lambda: left(chance.random() / 40)) if chance.random() < 0.5 else None
        try:
            async with admission.admitted(newcomer(chance.randint(20, 2000), str(number % 3),
                                                   left=leaves)):  # fmt: skip
                await asyncio.sleep(chance.random() / 200)
        except (Overloaded, ClientDisconnect) as error:
            return type(error).__name__
        return "done"

    tasks = [asyncio.create_task(one(number)) for number in range(300)]
    for task in tasks[::7]:
        asyncio.get_running_loop().call_later(chance.random() / 30, task.cancel)
    ends = await asyncio.gather(*tasks, return_exceptions=True)

    assert (admission._running, admission._running_work) == (0, 0)
    assert (len(admission._queue), admission._queue.work) == (0, 0)
    assert "done" in ends
    unexpected = [one for one in ends if isinstance(one, BaseException)
                  and not isinstance(one, asyncio.CancelledError)]  # fmt: skip
    assert unexpected == []


def test_a_request_counts_as_its_items_and_what_any_request_costs() -> None:
    assert [work_of(size) for size in (0, 60, 600_000)] == [20, 21, 10_020]


def test_the_throughput_is_measured_while_others_wait() -> None:
    now = 0.0
    throughput = Throughput(lambda: now)
    for _ in range(100):
        now += 0.01
        throughput.finished(10, others_wait=False)
    assert throughput.per_second is None
    assert throughput.seconds_for(100) == 0.0

    for _ in range(100):
        now += 0.01
        throughput.finished(10, others_wait=True)

    assert throughput.per_second == pytest.approx(1000, rel=0.05)
    assert throughput.seconds_for(500) == pytest.approx(0.5, rel=0.05)


async def _run(admission: Admission, request: Newcomer) -> None:
    async with admission.admitted(request):
        pass
