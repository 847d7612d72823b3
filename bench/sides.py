"""What is measured, and measuring it side by side."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from bench.batch import Batch, Stocks, answered_stocks
from bench.floor import Floor
from bench.in_process import InProcess, engine_stocks, stock_items
from bench.server import Caller, Server

BULK_WRITE, UPDATE_ONE = "floor, bulk_write", "floor, update_one"
ENGINE, HTTP = "engine", "HTTP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One way to have a batch done. `prepare` makes the input of `work`, which alone is timed, and
    `read` finds the new stocks in what it returned. `cpu_seconds` is the clock of its process.
    """

    name: str
    prepare: Callable[[Batch], Any]
    work: Callable[[Any], Any]
    read: Callable[[Any, Batch], Sequence[int]]
    cpu_seconds: Callable[[], float] = time.process_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What the turns of one side took, turn by turn: by the clock on the wall, and of the CPU."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)


Takings = dict[str, Taken]  # by the name of the side


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """How many: at most `most`, at least `fewest`, and between them while `seconds` last."""

    fewest: int
    most: int
    seconds: float


def take_turns(
    sides: Sequence[Side], batches: Iterator[Batch], stocks: Stocks, turns: Turns
) -> Takings:
    """Every batch is done by every side, one after the other; another side begins each time."""
    takings = {side.name: Taken() for side in sides}
    until = time.monotonic() + turns.seconds
    for turn, batch in enumerate(islice(batches, turns.most)):
        if turn >= turns.fewest and time.monotonic() > until:
            break
        first = turn % len(sides)
        for side in [*sides[first:], *sides[:first]]:
            _time(side, batch, stocks, takings[side.name])
    return takings


def _time(side: Side, batch: Batch, stocks: Stocks, taken: Taken) -> None:
    prepared = side.prepare(batch)
    cpu, started = side.cpu_seconds(), time.perf_counter()
    answer = side.work(prepared)
    taken.seconds.append(time.perf_counter() - started)
    taken.cpu_seconds.append(side.cpu_seconds() - cpu)
    stocks.verify(batch, side.read(answer, batch))


def http_side(name: str, server: Server, caller: Caller) -> Side:
    """The body is encoded before, and the answer decoded after the time is taken."""

    def prepare(batch: Batch) -> bytes:
        caller.renew()
        return batch.body

    return Side(
        name=name,
        prepare=prepare,
        work=caller.post,
        read=answered_stocks,
        cpu_seconds=server.cpu_seconds,
    )


def floor_sides(floor: Floor) -> list[Side]:
    ways = {BULK_WRITE: floor.bulk_write, UPDATE_ONE: floor.update_one}
    return [
        Side(name=name, prepare=lambda batch: batch, work=work, read=lambda stocks, _batch: stocks)
        for name, work in ways.items()
    ]


def engine_side(parts: InProcess) -> Side:
    """The engine alone."""
    return Side(
        name=ENGINE,
        prepare=stock_items,
        work=parts.engine,
        read=lambda outcomes, _batch: engine_stocks(outcomes),
    )
