"""Measure side by side: in each round every side does the same batch, one after the other."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from bench.batch import Batch, WrongAnswer
from bench.sides.side import Side

AnySide = TypeVar("AnySide", bound=Side)


@dataclass(frozen=True)
class Round:
    """`before` is done untimed, `measured` is timed, and then `left` products are on the shelf."""

    measured: Batch
    before: Sequence[Batch] = ()
    left: int = 0

    def do(self, side: Side) -> tuple[float, Any]:
        """Return the seconds and the result of the measured batch."""
        for batch in self.before:
            side.do(batch)
        done = side.do(self.measured)
        left = side.clear_shelf()
        if left != self.left:
            raise WrongAnswer(f"{side.name} left {left} products, not {self.left}")
        return done


@dataclass(frozen=True)
class Limit:
    """How many rounds: at most `most`, at least `fewest`, and between them while `seconds` last."""

    fewest: int
    most: int
    seconds: float = 0


def measure(sides: Sequence[Side], rounds: Iterable[Round], limit: Limit) -> dict[str, list[float]]:
    """Return the seconds of each side, round by round; raise WrongAnswer if results differ."""
    taken: dict[str, list[float]] = {side.name: [] for side in sides}
    until = time.monotonic() + limit.seconds
    for number, current in enumerate(islice(rounds, limit.most)):
        if number >= limit.fewest and time.monotonic() > until:
            break
        results = []
        for side in in_turn(sides, number):
            seconds, result = current.do(side)
            taken[side.name].append(seconds)
            results.append(result)
        if any(result != results[0] for result in results):
            raise WrongAnswer(f"Sides differ in a result of {current.measured.mutation.name}")
    return taken


def in_turn(sides: Sequence[AnySide], number: int) -> list[AnySide]:
    """Return the sides, beginning with another one in each round."""
    first = number % len(sides)
    return [*sides[first:], *sides[:first]]
