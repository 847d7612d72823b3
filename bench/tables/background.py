"""Measure background batches: until they are accepted, and until they are done."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import repeat

from bench.batch import SUBMIT, UPDATE_STOCK, Batch, Document, WrongAnswer, data_of
from bench.sides.server import ServerSide
from bench.sides.side import Side
from bench.table import Row
from bench.tables.rounds import Limit, Round, in_turn, measure

SMALL, WORKERS = 100, 2
ACCEPTANCE_NOTES = """\
No worker runs, so the batches stay where they are. The floor stores the items for later: a document
for each 500, by insert_many, and then one for the batch, with write concern majority."""
_NOTES = """\
From sending the batch to the end of its last chunk. The floor does the same updates at once. A
small batch is submitted when the large one has begun, and its times count from its acceptance. At
the end every item has a ledger row."""
IN_SERVER_NOTES = "The server runs the batches itself, as it does by default.\n" + _NOTES
WORKERS_NOTES = f"{WORKERS} worker processes run the batches.\n{_NOTES}"
_LONGEST_SECONDS = 600.0
_POLL_SECONDS = 0.05
_STATE = """query ($id: ID!) {
  batchOperation(id: $id) { status processedItems successCount createdAt startedAt completedAt }
}"""


def acceptance_rows(
    sides: Sequence[Side], ids: Sequence[str], sizes: Sequence[int], rounds: int
) -> Iterator[Row]:
    """Yield a row for each size."""
    for size in sizes:
        batch = Round(Batch(SUBMIT, stock_updates(ids, size)))
        yield Row([str(size)], measure(sides, repeat(batch), Limit(rounds, rounds)))


def background_rows(
    sides: Sequence[Side], ids: Sequence[str], count: int, rounds: int
) -> Iterator[Row]:
    """Yield the times of a large batch, and those of a small one behind it."""
    items, small = stock_updates(ids, count), Batch(SUBMIT, stock_updates(ids, SMALL))
    taken: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number in range(rounds):
        for side in in_turn(sides, number):
            rows = side.watched(ids)
            expected = count
            if isinstance(side, ServerSide):
                expected += SMALL
                times = run_behind(side, Batch(SUBMIT, items), small)
            else:
                times = {f"{count} until done": side.do(Batch(UPDATE_STOCK, items))[0]}
            for label, seconds in times.items():
                taken[label][side.name].append(seconds)
            if rows([]) != expected:
                raise WrongAnswer(f"{side.name} has not {expected} ledger rows of the batch")
    for label in sorted(taken, key=lambda label: label.startswith(str(SMALL) + " ")):
        yield Row([label], taken[label])


def stock_updates(ids: Sequence[str], count: int) -> list[Document]:
    """Return updates of all products, again and again."""
    return [{"productId": ids[number % len(ids)], "quantity": 1} for number in range(count)]


def run_behind(server: ServerSide, large: Batch, small: Batch) -> dict[str, float]:
    """Return the seconds of the large batch, and of the small one, which is submitted when the
    large one has begun.
    """
    started = time.perf_counter()
    accepted, answer = server.post(large.body())
    large_id = submitted_id(large, answer.body)
    wait_until(server, large_id, begun=True)
    small_id = submitted_id(small, server.post(small.body())[1].body)
    wait_until(server, large_id)
    seconds = time.perf_counter() - started
    state = wait_until(server, small_id)
    items, behind = len(large.items), f"{len(small.items)} behind them until"
    return {
        f"{items} until accepted": accepted,
        f"{items} until done": seconds,
        f"{behind} begun": _seconds(state, "startedAt"),
        f"{behind} done": _seconds(state, "completedAt"),
    }


def submitted_id(batch: Batch, answer: bytes) -> str:
    """Return the id of a batch that was accepted as a whole."""
    batch.result(answer)
    return str(data_of(answer)["submitBatch"]["id"])


def wait_until(server: ServerSide, batch_id: str, *, begun: bool = False) -> Document:
    """Return the state of the batch once all its items have been applied, or one chunk of them."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    while time.monotonic() < deadline:
        state: Document = server.ask(_STATE, {"id": batch_id})["batchOperation"]
        if state["status"] == "COMPLETED":
            if state["successCount"] != state["processedItems"]:
                raise WrongAnswer(f"Items of a background batch of {server.name} failed: {state}")
            return state
        if begun and state["processedItems"]:
            return state
        time.sleep(_POLL_SECONDS)
    raise WrongAnswer(f"A background batch of {server.name} did not end in {_LONGEST_SECONDS} s")


def _seconds(state: Document, end: str) -> float:
    """Return the seconds from the acceptance."""
    created, ended = (datetime.fromisoformat(state[name]) for name in ("createdAt", end))
    return (ended - created).total_seconds()
