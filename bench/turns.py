"""Measuring side by side: every batch is done by every side, turn by turn."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol, TypeVar

from bench.sides import Side

BatchT = TypeVar("BatchT")
ResultT = TypeVar("ResultT")
RefereedT = TypeVar("RefereedT", contravariant=True)
JudgedT = TypeVar("JudgedT", contravariant=True)


class Referee(Protocol[RefereedT, JudgedT]):
    """What happens to the database around a turn, outside the time that is taken."""

    def prepare(self, batch: RefereedT) -> None:
        """Put what the batch is to find."""

    def verify(self, batch: RefereedT, result: JudgedT) -> None:
        """Raises WrongAnswer unless the batch was done. Leaves things as the next needs them."""


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


WARM_UP = Turns(fewest=2, most=2, seconds=0.0)


def take_turns(
    sides: Sequence[Side[BatchT, ResultT]],
    batches: Iterator[BatchT],
    referee: Referee[BatchT, ResultT],
    turns: Turns,
) -> Takings:
    """Every batch is done by every side, one after the other; another side begins each time."""
    takings = {side.name: Taken() for side in sides}
    until = time.monotonic() + turns.seconds
    for turn, batch in enumerate(islice(batches, turns.most)):
        if turn >= turns.fewest and time.monotonic() > until:
            break
        first = turn % len(sides)
        for side in [*sides[first:], *sides[:first]]:
            _take(side, batch, referee, takings[side.name])
    return takings


def _take(
    side: Side[BatchT, ResultT], batch: BatchT, referee: Referee[BatchT, ResultT], taken: Taken
) -> None:
    referee.prepare(batch)
    prepared = side.prepare(batch)
    cpu, started = side.cpu_seconds(), time.perf_counter()
    answer = side.work(prepared)
    taken.seconds.append(time.perf_counter() - started)
    taken.cpu_seconds.append(side.cpu_seconds() - cpu)
    referee.verify(batch, side.read(answer, batch))
