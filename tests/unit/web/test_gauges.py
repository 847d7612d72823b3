"""Read what is open and what waits, at a scrape."""

from server.domain.queue_state import QueueDepth, QueueState
from server.web.gauges import Gauges
from server.web.metrics import Metrics
from server.web.probe import Probe
from tests.support.web.exposition import names, samples

EMPTY = QueueDepth(waiting=0, running=0, oldest_seconds=0)
QUEUE = {"stockbatch_queue_chunks", "stockbatch_queue_oldest_seconds", "stockbatch_workers"}


async def test_a_scrape_tells_what_is_open_and_what_waits() -> None:
    async def state() -> QueueState:
        depth = QueueDepth(waiting=7, running=2, oldest_seconds=1.5)
        return QueueState(depth=depth, workers=4)

    metrics = Metrics()
    metrics.gauges = Gauges(
        connections=lambda: {"http": 3, "websocket": 1},
        subscriptions=lambda: 5,
        queue=Probe(state),
    )

    told = samples(await metrics.scrape())

    assert told["stockbatch_connections", (("protocol", "http"),)] == 3
    assert told["stockbatch_connections", (("protocol", "websocket"),)] == 1
    assert told["stockbatch_subscriptions", ()] == 5
    assert told["stockbatch_queue_chunks", (("state", "waiting"),)] == 7
    assert told["stockbatch_queue_chunks", (("state", "running"),)] == 2
    assert told["stockbatch_queue_oldest_seconds", ()] == 1.5
    assert told["stockbatch_workers", ()] == 4


async def test_what_the_database_does_not_tell_is_left_out() -> None:
    answers: list[QueueState | None] = [QueueState(depth=EMPTY, workers=0), None]

    class Scripted(Probe[QueueState]):
        async def result(self) -> QueueState | None:
            return answers.pop(0)

    async def unused() -> QueueState:
        raise AssertionError

    metrics = Metrics()
    metrics.gauges = Gauges(connections=dict, subscriptions=lambda: 0, queue=Scripted(unused))

    assert names(await metrics.scrape()) >= QUEUE
    assert not names(await metrics.scrape()) & QUEUE
