"""What is read at each scrape of `/metrics`: connections, subscriptions and the queue."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from server.domain.queue_state import QueueState
from server.web.probe import Probe


class Gauges:
    """Reads what is open now, and what waits in the database. `queue` is None without a database.

    `connections` are counted by protocol: http and websocket.
    """

    def __init__(
        self,
        *,
        connections: Callable[[], Mapping[str, int]],
        subscriptions: Callable[[], int],
        queue: Probe[QueueState] | None,
    ) -> None:
        self._connections = connections
        self._subscriptions = subscriptions
        self._queue = queue
        self._state: QueueState | None = None

    async def refresh(self) -> None:
        """Ask the database for the length of the queue; it is unknown if no answer comes soon."""
        await self.queue_state()

    async def queue_state(self) -> QueueState | None:
        """Return the state of the queue; None if the database does not answer soon."""
        self._state = await self._queue.result() if self._queue is not None else None
        return self._state

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges. Those of the queue are missing while its length is unknown."""
        connections = GaugeMetricFamily(
            "stockbatch_connections", "Open connections of clients.", labels=["protocol"]
        )
        for protocol, count in self._connections().items():
            connections.add_metric([protocol], count)
        yield connections
        yield GaugeMetricFamily(
            "stockbatch_subscriptions", "Open subscriptions.", value=self._subscriptions()
        )
        if self._state is not None:
            yield from _of_queue(self._state)


def _of_queue(state: QueueState) -> Iterator[Metric]:
    depth = state.depth
    chunks = GaugeMetricFamily(
        "stockbatch_queue_chunks", "Chunks in the database that are not done.", labels=["state"]
    )
    chunks.add_metric(["waiting"], depth.waiting)
    chunks.add_metric(["running"], depth.running)
    yield chunks
    yield GaugeMetricFamily(
        "stockbatch_queue_oldest_seconds",
        "For how long the first chunk in the queue could have been run; 0 if none waits.",
        value=depth.oldest_seconds,
    )
    yield GaugeMetricFamily(
        "stockbatch_workers",
        "Workers that have given a sign of life in the last 30 seconds.",
        value=state.workers,
    )


def no_gauges() -> Gauges:
    """Return the gauges of a process that has no connections and no database."""
    return Gauges(connections=dict, subscriptions=lambda: 0, queue=None)
