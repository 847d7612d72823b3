"""What is read at each scrape of `/metrics`: connections, subscriptions and the queue."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from server.domain.queue_depth import QueueDepth
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
        queue: Probe[QueueDepth] | None,
    ) -> None:
        self._connections = connections
        self._subscriptions = subscriptions
        self._queue = queue
        self._depth: QueueDepth | None = None

    async def refresh(self) -> None:
        """Ask the database for the length of the queue; it is unknown if no answer comes soon."""
        self._depth = await self._queue.result() if self._queue is not None else None

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
        if self._depth is not None:
            yield from _of_queue(self._depth)


def _of_queue(depth: QueueDepth) -> Iterator[Metric]:
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


def no_gauges() -> Gauges:
    """Return the gauges of a process that has no connections and no database."""
    return Gauges(connections=dict, subscriptions=lambda: 0, queue=None)
