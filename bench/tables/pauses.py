"""Measure for how long large requests keep a server from answering others."""

import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from bench.batch import SUBMIT, UPDATE_STOCK, Batch, WrongAnswer
from bench.load.process import pulse
from bench.load.pulse import PAUSE_SECONDS
from bench.sides.server import ServerSide
from bench.table import Row
from bench.tables.background import stock_updates, submitted_id, wait_until
from bench.tables.batches import stock_batch
from bench.tables.rounds import in_turn

_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
GAP, CPU = "longest pause", "CPU of the server"
LABELS = ["while the server is given", "measured"]
NOTES = f"""\
The longest pause is the longest time between two answers of `/healthz`, which another process asks
for {1000 * PAUSE_SECONDS:.0f} ms after each answer. CPU time is counted in steps of
{1000 * _TICK_SECONDS:.0f} ms. Less than a step counts as one, and less than the wait between two
questions as that wait. The server runs background batches itself."""
_REST_SECONDS = 1.0

Step = Callable[[ServerSide], None]


@dataclass(frozen=True)
class PausePlan:
    """The items of a batch, of those that are refused, and of a background batch."""

    items: int
    refused: Sequence[int]
    background: int
    rounds: int


def pause_rows(sides: Sequence[ServerSide], ids: Sequence[str], plan: PausePlan) -> Iterator[Row]:
    """Yield two rows for each step: the longest pause, and the CPU time."""
    for steps in _works(ids, plan):
        gaps: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        cpu: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for number in range(plan.rounds):
            for side in in_turn(sides, number):
                for label, step in steps.items():
                    before = side.cpu_seconds()
                    with pulse(side.address) as gap:
                        step(side)
                    taken = side.cpu_seconds() - before
                    gaps[label][side.name].append(max(gap.seconds, PAUSE_SECONDS))
                    cpu[label][side.name].append(max(taken, _TICK_SECONDS))
        for label in steps:
            yield Row([label, GAP], gaps[label])
            yield Row([label, CPU], cpu[label])


def _works(ids: Sequence[str], plan: PausePlan) -> Iterator[dict[str, Step]]:
    """Yield steps that belong together, by their labels."""
    yield {"nothing for a second": lambda _: time.sleep(_REST_SECONDS)}
    batch = stock_batch(ids, plan.items)
    yield {f"{plan.items} items": partial(_be_done, batch)}
    for count in plan.refused:
        body = Batch(UPDATE_STOCK, stock_updates(ids, count)).body()
        yield {f"{count} items, refused": partial(_be_refused, body)}
    submission = _Submission(Batch(SUBMIT, stock_updates(ids, plan.background)))
    yield {
        f"{plan.background} items, accepted": submission.be_accepted,
        f"{plan.background} items, until done": submission.be_done,
    }


def _be_done(batch: Batch, side: ServerSide) -> None:
    side.do(batch)


def _be_refused(body: bytes, side: ServerSide) -> None:
    _, answer = side.post(body)
    errors = json.loads(answer.body).get("errors") or [{}]
    if errors[0].get("extensions", {}).get("code") != "BATCH_TOO_LARGE":
        raise WrongAnswer(f"{side.name} answered a batch that is too large: {answer.body[:500]!r}")


class _Submission:
    """A batch that is accepted, and done later."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._body = batch.body()
        self._batch_id = ""

    def be_accepted(self, side: ServerSide) -> None:
        self._batch_id = submitted_id(self._batch, side.post(self._body)[1].body)

    def be_done(self, side: ServerSide) -> None:
        if wait_until(side, self._batch_id)["successCount"] != len(self._batch.items):
            raise WrongAnswer(f"{side.name} has not done every item of a background batch")
