"""Measure background batches: until they are accepted, and until they are done."""

import json
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import repeat

from bench.batch import SUBMIT, UPDATE_STOCK, Batch, Document, WrongAnswer
from bench.rounds import Limit, Round, in_turn, measure
from bench.server import ServerSide
from bench.side import Side
from bench.table import Row

ACCEPTED = [100, 10_000, 100_000]  # items
LARGE, SMALL, WORKERS = 100_000, 100, 2
ACCEPTANCE_NOTES = """\
The floor stores a pending ledger row for each item, a document for each 500 items, and then one for
the batch, by insert_many with write concern majority."""
NOTES = f"""\
From sending the batch to the end of its last chunk, on {WORKERS} worker processes. The floor does
the same updates at once, in one process. The small batch is submitted when the large one has begun,
and its times count from its acceptance."""
_LONGEST_SECONDS = 600.0
_POLL_SECONDS = 0.05
_STATE = """query ($id: ID!) {
  batchOperation(id: $id) { status processedItems successCount createdAt startedAt completedAt }
}"""


def acceptance_rows(sides: Sequence[Side], ids: Sequence[str], rounds: int) -> Iterator[Row]:
    """Yield a row for each size. No worker runs, so the batches stay where they are."""
    for size in ACCEPTED:
        batch = Round(Batch(SUBMIT, stock_updates(ids, size)))
        yield [str(size)], measure(sides, repeat(batch), Limit(rounds, rounds))


def background_rows(sides: Sequence[Side], ids: Sequence[str], rounds: int) -> Iterator[Row]:
    """Yield the times of a large batch, and those of a small one behind it."""
    items, small = stock_updates(ids, LARGE), Batch(SUBMIT, stock_updates(ids, SMALL))
    done: dict[str, list[float]] = {}
    begun: dict[str, list[float]] = {}
    ended: dict[str, list[float]] = {}
    for number in range(rounds):
        for side in in_turn(sides, number):
            if isinstance(side, ServerSide):
                seconds, state = run_behind(side, Batch(SUBMIT, items), small)
                begun.setdefault(side.name, []).append(_seconds(state, "startedAt"))
                ended.setdefault(side.name, []).append(_seconds(state, "completedAt"))
            else:
                seconds, _ = side.do(Batch(UPDATE_STOCK, items))
            done.setdefault(side.name, []).append(seconds)
    yield [f"{LARGE} until done"], done
    yield [f"{SMALL} behind them until begun"], begun
    yield [f"{SMALL} behind them until done"], ended


def stock_updates(ids: Sequence[str], count: int) -> list[Document]:
    """Return updates of all products, again and again."""
    return [{"productId": ids[number % len(ids)], "quantity": 1} for number in range(count)]


def run_behind(server: ServerSide, large: Batch, small: Batch) -> tuple[float, Document]:
    """Return the seconds of the large batch, and the last state of the small one, which is
    submitted when the large one has begun.
    """
    started = time.perf_counter()
    large_id = server.ask(large.body())["submitBatch"]["id"]
    while not _state(server, large_id)["processedItems"]:
        _wait(started)
    small_id = server.ask(small.body())["submitBatch"]["id"]
    while _state(server, large_id)["status"] != "COMPLETED":
        _wait(started)
    seconds = time.perf_counter() - started
    while (state := _state(server, small_id))["status"] != "COMPLETED":
        _wait(started)
    if _state(server, large_id)["successCount"] != len(large.items):
        raise WrongAnswer(f"Items of a background batch of {server.name} failed")
    return seconds, state


def _state(server: ServerSide, batch_id: str) -> Document:
    body = json.dumps({"query": _STATE, "variables": {"id": batch_id}}).encode()
    state: Document = server.ask(body)["batchOperation"]
    return state


def _wait(started: float) -> None:
    if time.perf_counter() - started > _LONGEST_SECONDS:
        raise WrongAnswer(f"A background batch did not end within {_LONGEST_SECONDS:.0f} s")
    time.sleep(_POLL_SECONDS)


def _seconds(state: Document, end: str) -> float:
    """Return the seconds from the acceptance."""
    created, ended = (datetime.fromisoformat(state[name]) for name in ("createdAt", end))
    return (ended - created).total_seconds()
