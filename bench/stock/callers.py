"""Many callers at once: how many requests per second a server answers, and how often it retried."""

import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle

from bench.server import Server
from bench.stock.batch import Batch, Stocks, answered_stocks

CALLERS, ITEMS, HOT_PRODUCTS = 8, 100, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What came of it: the time of every request, and of all together."""

    request_seconds: list[float]
    seconds: float
    retries: int


def disjoint_batches(ids: Sequence[str]) -> list[Batch]:
    """A batch for each caller, and no product in two of them."""
    chosen = random.sample(ids, CALLERS * ITEMS)
    return [_batch(chosen[start::CALLERS]) for start in range(CALLERS)]


def hot_batches(ids: Sequence[str]) -> list[Batch]:
    """A batch for each caller, all of the same few products, each several times."""
    hot = random.sample(ids, HOT_PRODUCTS) * (ITEMS // HOT_PRODUCTS)
    return [_batch(random.sample(hot, len(hot))) for _ in range(CALLERS)]


def _batch(ids: Sequence[str]) -> Batch:
    """Positive quantities, so that the answers to all callers can be put in their order."""
    return Batch([(product_id, random.randint(1, 20)) for product_id in ids])


def send_side_by_side(
    servers: Sequence[Server], batches: Sequence[Batch], seconds: float, stocks: Stocks
) -> Load:
    """Each caller sends its batch again and again for `seconds`, to one of the servers."""
    retries = sum(server.retries() for server in servers)
    started = time.perf_counter()
    with ThreadPoolExecutor(len(batches)) as pool:
        calls = [
            pool.submit(_send, server, batch, started + seconds)
            for server, batch in zip(cycle(servers), batches, strict=False)
        ]
        answers = [call.result() for call in calls]
    elapsed = time.perf_counter() - started
    stocks.verify_interleaved(
        (batch, answered_stocks(answer, batch))
        for batch, received in zip(batches, answers, strict=True)
        for _, answer in received
    )
    return Load(
        request_seconds=[taken for received in answers for taken, _ in received],
        seconds=elapsed,
        retries=sum(server.retries() for server in servers) - retries,
    )


def _send(server: Server, batch: Batch, until: float) -> list[tuple[float, bytes]]:
    answers: list[tuple[float, bytes]] = []
    with closing(server.caller()) as caller:
        while time.perf_counter() < until:
            started = time.perf_counter()
            answer = caller.post(batch.body)
            answers.append((time.perf_counter() - started, answer))
    return answers
