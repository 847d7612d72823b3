"""Admit requests: at once, after a short wait, or not at all."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from starlette.requests import ClientDisconnect

from server.domain.errors import Overloaded
from server.web.admission.admission import Admission, Newcomer, work_of
from server.web.admission.throughput import Throughput
from tests.support.waiting import until

SMALL, LARGE = 200, 10_000  # ten and eight of these fill their lanes
SIZES = pytest.mark.parametrize("work", [SMALL, LARGE])


def newcomer(work: int = 100, caller: str = "one", **options: object) -> Newcomer:
    return Newcomer(caller=caller, work=work, **options)  # type: ignore[arg-type]


@asynccontextmanager
async def busy(
    admission: Admission, work: int, count: int | None = None, caller: str | None = None
) -> AsyncIterator[list[asyncio.Event]]:
    """Fill a lane with requests, each of another caller, that end when their events are set."""
    count = count or (10 if work == SMALL else 8)
    ends = [asyncio.Event() for _ in range(count)]

    async def hold(number: int, end: asyncio.Event) -> None:
        async with admission.admitted(newcomer(work, caller or f"busy {number}")):
            await end.wait()

    holding = [asyncio.create_task(hold(number, end)) for number, end in enumerate(ends)]
    await asyncio.sleep(0)
    try:
        yield ends
    finally:
        for end in ends:
            end.set()
        await asyncio.gather(*holding)


@SIZES
async def test_a_request_begins_at_once_while_there_is_room(work: int) -> None:
    admission = Admission(queue_seconds=0)
    async with busy(admission, work, 7):
        assert not admission.is_idle
        async with admission.admitted(newcomer(work)):
            pass
    assert admission.is_idle


async def test_many_small_requests_run_at_once() -> None:
    admission = Admission(queue_seconds=0)
    together = asyncio.Barrier(32)

    async def one() -> None:
        async with admission.admitted(newcomer(30)):
            await together.wait()

    await asyncio.gather(*(one() for _ in range(32)))


@SIZES
async def test_a_request_that_waits_begins_when_another_ends(work: int) -> None:
    admission = Admission(queue_seconds=60)
    begun: list[str] = []

    async def one(name: str) -> None:
        async with admission.admitted(newcomer(work)):
            begun.append(name)

    async with busy(admission, work) as ends:
        waiting = [asyncio.create_task(one(name)) for name in ("first", "second")]
        await asyncio.sleep(0)
        assert begun == []
        ends[0].set()
        await until(lambda: len(begun) == 2)
    await asyncio.gather(*waiting)

    assert begun == ["first", "second"]


@SIZES
async def test_a_request_that_cannot_begin_in_time_is_refused(work: int) -> None:
    admission = Admission(queue_seconds=0.01)
    async with busy(admission, work):
        with pytest.raises(Overloaded) as refused:
            async with admission.admitted(newcomer(work)):
                pytest.fail("it began")

    assert refused.value.retry_after_seconds in (1, 2)
    assert admission.refused == 1
    assert admission.is_idle


async def test_small_requests_begin_while_large_ones_wait_and_large_ones_while_small_ones_do() -> (
    None
):
    admission = Admission(queue_seconds=60)
    for full, other in ((LARGE, SMALL), (SMALL, LARGE)):
        async with busy(admission, full, 12):
            assert admission.waiting > 0
            await _run(admission, newcomer(other, "busy 1"))


@SIZES
async def test_no_caller_takes_all_room(work: int) -> None:
    admission = Admission(queue_seconds=60)
    async with busy(admission, work, 40, caller="flood"):
        waiting = admission.waiting

        await _run(admission, newcomer(work, "other"))
        assert admission.waiting == waiting

        async with admission.admitted(newcomer(work, "other")):
            assert admission.waiting == waiting


async def test_the_cost_of_a_query_makes_it_large() -> None:
    admission = Admission(queue_seconds=0)
    async with busy(admission, LARGE):
        await _run(admission, newcomer(30, cost=200))
        with pytest.raises(Overloaded):
            await _run(admission, newcomer(30, cost=250))


async def test_a_cost_that_is_found_later_counts_as_well() -> None:
    admission = Admission(queue_seconds=0.01)
    async with busy(admission, LARGE) as ends:
        async with admission.admitted(newcomer(30)) as place:
            await place.weigh(200)
            with pytest.raises(Overloaded):
                await place.weigh(250)
        for end in ends[:2]:
            end.set()
        async with admission.admitted(newcomer(30)) as place:
            await place.weigh(250)
            async with admission.admitted(newcomer(LARGE, "two")):
                pass
            with pytest.raises(Overloaded):
                async with (
                    admission.admitted(newcomer(LARGE, "two")),
                    admission.admitted(newcomer(LARGE, "three")),
                ):
                    pytest.fail("there was room for three")

    assert admission.is_idle


async def test_small_queries_with_their_cost_fill_the_room_for_small_ones() -> None:
    admission = Admission(queue_seconds=0)
    async with AsyncExitStack() as stack:
        for number in range(10):
            place = await stack.enter_async_context(admission.admitted(newcomer(30, f"{number}")))
            await place.weigh(170)

        with pytest.raises(Overloaded):
            await _run(admission, newcomer(30))


async def test_a_request_waits_for_both_lanes_no_longer_than_for_one() -> None:
    now = 0.0
    admission = Admission(queue_seconds=60, clock=lambda: now)
    place = admission.admitted(newcomer(30))

    async def run() -> None:
        async with place:
            await place.weigh(LARGE)

    async with busy(admission, SMALL) as small, busy(admission, LARGE):
        running = asyncio.create_task(run())
        await until(lambda: admission.waiting == 1)
        now += 60
        small[0].set()
        with pytest.raises(Overloaded):
            await running


async def test_a_place_is_given_back_and_taken_again_however_long_that_takes() -> None:
    admission = Admission(queue_seconds=0.01)
    async with admission.admitted(newcomer(LARGE)) as place:
        await place.resume()  # it has it
        place.pause()
        place.pause()
        assert admission.is_idle
        async with busy(admission, LARGE) as ends:
            resuming = asyncio.create_task(place.resume())
            gives_up = asyncio.create_task(place.resume())
            await asyncio.wait({resuming}, timeout=0.05)  # longer than a request would wait
            assert not resuming.done()
            gives_up.cancel()
            ends[0].set()
            await resuming
            with pytest.raises(Overloaded):
                await _run(admission, newcomer(LARGE, "other"))

    assert admission.is_idle


async def test_a_request_without_hope_is_refused_at_once() -> None:
    admission = Admission(queue_seconds=60)
    throughput = admission._small.throughput
    throughput.per_second = 10
    async with busy(admission, SMALL):
        waiting = asyncio.create_task(_run(admission, newcomer(220)))
        others = asyncio.create_task(_run(admission, newcomer(240)))
        third = asyncio.create_task(_run(admission, newcomer(240)))
        await asyncio.sleep(0)

        with pytest.raises(Overloaded) as refused:
            admission.require_hope("one")
        with pytest.raises(Overloaded):
            await _run(admission, newcomer())
        throughput.per_second = 1000
        admission.require_hope("one")
    await asyncio.gather(waiting, others, third)

    assert refused.value.retry_after_seconds in (70, 71)


async def test_an_unkeyed_request_whose_caller_has_left_never_begins() -> None:
    admission = Admission(queue_seconds=60)
    gone = asyncio.Event()

    async def left() -> None:
        await gone.wait()

    async with busy(admission, LARGE):
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
            async with admission.admitted(newcomer(chance.randint(20, 500), str(number % 3),
                                                   left=leaves)) as place:  # fmt: skip
                await asyncio.sleep(chance.random() / 200)
                await place.weigh(chance.choice([0, 0, 50, 1000]))
                place.pause()
                await asyncio.sleep(chance.random() / 200)
                await place.resume()
        except (Overloaded, ClientDisconnect) as error:
            return type(error).__name__
        return "done"

    tasks = [asyncio.create_task(one(number)) for number in range(300)]
    for task in tasks[::7]:
        asyncio.get_running_loop().call_later(chance.random() / 30, task.cancel)
    ends = await asyncio.gather(*tasks, return_exceptions=True)

    assert admission.is_idle
    assert (admission._small.queue.work, admission._large.queue.work) == (0, 0)
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
