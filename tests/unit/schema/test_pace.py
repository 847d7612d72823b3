"""An execution gives others a turn, however many lists it has."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from schema import pace, schema
from schema.pace import Pace, Turns
from server.domain.listing import PageRequest
from tests.support.compiled.scripted import Scripted
from tests.support.waiting import until

TYPES = len(schema._schema.type_map)


@asynccontextmanager
async def turns() -> AsyncIterator[list[None]]:
    """Count how often another task has its turn."""
    counted: list[None] = []

    async def count() -> None:
        while True:
            counted.append(None)
            await asyncio.sleep(0)

    task = asyncio.ensure_future(count())
    try:
        yield counted
    finally:
        task.cancel()


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a turn be over as soon as one entry has been completed."""
    monkeypatch.setattr(pace, "_TURN_SECONDS", 0)


@pytest.mark.usefixtures("short_turns")
async def test_many_long_lists_share_their_turns() -> None:
    lists = " ".join(f"a{number}: __schema {{ types {{ name }} }}" for number in range(15))
    async with turns() as counted:
        result = await schema.execute(f"{{ {lists} }}")

    assert result.errors is None
    assert len(counted) >= 15 * TYPES


@pytest.mark.usefixtures("short_turns")
async def test_many_short_lists_share_their_turns_as_well() -> None:
    text = "{ __schema { types { name fields { name } } } }"
    async with turns() as counted:
        result = await schema.execute(text)

    assert result.data is not None
    types = result.data["__schema"]["types"]
    assert sum(len(one["fields"] or ()) for one in types) > 2 * TYPES
    assert len(counted) >= TYPES + sum(len(one["fields"] or ()) for one in types)


@pytest.mark.usefixtures("short_turns")
async def test_an_answer_is_the_same_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "{ __schema { types { name fields { name args { name } } } } }"
    in_turns = await schema.execute(text)
    monkeypatch.setattr(pace, "_TURN_SECONDS", 1000)

    assert await schema.execute(text) == in_turns


@pytest.mark.usefixtures("short_turns")
@pytest.mark.parametrize("field", ["products", "stockUpdates", "batchOperations"])
async def test_pages_that_come_at_once_are_converted_in_turns(field: str) -> None:
    pages = " ".join(f"a{number}: {field} {{ pageInfo {{ endCursor }} }}" for number in range(15))
    async with turns() as counted:
        result = await schema.execute(f"{{ {pages} }}", {}, Scripted().context())

    assert result.errors is None
    assert len(counted) >= 15


@pytest.mark.usefixtures("short_turns")
async def test_results_that_come_at_once_are_converted_in_turns() -> None:
    loaders = Scripted().context().results
    async with turns() as counted:
        await asyncio.gather(
            *(loaders.page(f"{number}", PageRequest(first=1), None) for number in range(20))
        )

    assert len(counted) >= 20


async def test_a_turn_is_over_after_5_milliseconds_and_begins_anew() -> None:
    now = 1.0
    kept = Turns(lambda: now)

    assert not kept.is_over()
    now += 0.004
    assert not kept.is_over()
    now += 0.002
    assert kept.is_over()
    await asyncio.sleep(0)
    assert not kept.is_over()


async def test_callers_alternate_and_so_do_their_executions_and_then_their_lists() -> None:
    now = 1.0
    turns = Turns(lambda: now)
    served: list[str] = []

    async def wait(pace: Pace, name: str) -> None:
        nonlocal now
        await pace.turn()
        served.append(name)
        now += 1

    large, other, stranger = Pace(turns, "one"), Pace(turns, "one"), Pace(turns, "two")
    waits = [wait(large, f"large {number}") for number in range(4)]
    waits += [wait(other, "other 0"), wait(other, "other 1"), wait(stranger, "stranger 0")]
    await asyncio.gather(*waits)

    assert served == [
        "large 0",  # it began the turn
        "large 1", "stranger 0", "other 0", "large 2", "other 1", "large 3",
    ]  # fmt: skip


async def test_few_large_pages_are_read_at_once_and_callers_alternate() -> None:
    turns = Turns()
    large, stranger = Pace(turns, "one"), Pace(turns, "two")
    reading: list[str] = []
    may_end = {name: asyncio.Event() for name in ("a", "b", "c", "d", "cancelled", "x")}

    async def read(pace: Pace, name: str) -> None:
        async with pace.reading(1000):
            reading.append(name)
            await may_end[name].wait()

    tasks = {name: asyncio.ensure_future(read(large, name)) for name in ("a", "b", "cancelled")}
    tasks |= {name: asyncio.ensure_future(read(large, name)) for name in ("c", "d")}
    await asyncio.sleep(0)
    tasks["x"] = asyncio.ensure_future(read(stranger, "x"))
    await asyncio.sleep(0)
    assert reading == ["a", "b"]
    async with large.reading(100):
        pass  # a small page is read at once

    may_end["a"].set()
    tasks["cancelled"].cancel()
    await until(lambda: len(reading) == 3)
    may_end["b"].set()
    await until(lambda: len(reading) == 4)
    assert set(reading[2:]) == {"c", "x"}
    for event in may_end.values():
        event.set()
    await asyncio.wait(tasks.values())

    assert sorted(reading) == ["a", "b", "c", "d", "x"]
    assert turns._reading == 0


async def test_a_reader_that_is_cancelled_as_it_begins_lets_the_next_one_read() -> None:
    turns = Turns()
    pace = Pace(turns)
    for _ in range(2):
        await turns.begin_to_read(pace)
    waiting = asyncio.ensure_future(turns.begin_to_read(pace))
    await asyncio.sleep(0)
    turns.end_reading()
    waiting.cancel()
    await asyncio.wait({waiting})
    turns.end_reading()

    assert turns._reading == 0


async def test_a_turn_that_was_waited_for_is_a_whole_one() -> None:
    now = 1.0
    turns = Turns(lambda: now)
    first, second = Pace(turns), Pace(turns)
    assert not first.is_over()
    now += 0.006

    await second.turn()
    now += 0.004

    assert not second.is_over()
    now += 0.002
    assert second.is_over()


async def test_those_who_wait_have_their_turns_in_order_and_the_cancelled_have_none() -> None:
    now = 1.0
    kept = Pace(Turns(lambda: now))
    served: list[int] = []

    async def wait(number: int) -> None:
        nonlocal now
        await kept.turn()
        served.append(number)
        now += 1

    waiting = [asyncio.ensure_future(wait(number)) for number in range(100)]
    await asyncio.sleep(0)
    assert served == [0]
    waiting[5].cancel()
    await asyncio.wait(waiting)

    assert served == [number for number in range(100) if number != 5]
