"""What Prometheus reads at `/metrics`."""

from collections.abc import Iterable, Sequence
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

import server
from server.domain.outcome import Failed, Outcome
from server.web.gauges import Gauges, no_gauges
from server.web.refusal import STATUSES
from server.web.requests import CLIENT_LEFT, OK

CODES: Final = frozenset({OK, CLIENT_LEFT, *STATUSES})
OTHER: Final = "OTHER"  # stands for any other code, so that the number of codes is bounded

_CHUNK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60)
_REQUEST_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LAG_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_WAIT_SECONDS = (0.0001, 0.001, 0.005, 0.025, 0.1, 0.5, 1, 5)


class Metrics:
    """The metrics of one process. The engine, the doors and the driver report to it.

    `gauges` are read at each scrape. Looking a label up costs as much as counting, so what a
    request counts is looked up once.
    """

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # `…_created` beside each counter
        self.gauges: Gauges = no_gauges()
        self._registry = CollectorRegistry()
        self._items = self._counter(
            "stockbatch_items",
            "Items answered, by mutation and by the error's code, or OK.",
            "operation",
            "code",
        )
        self._chunks = self._histogram(
            "stockbatch_chunk_seconds",
            "How long a chunk took, with all its retries.",
            _CHUNK_SECONDS,
            "operation",
        )
        self._retries = self._counter(
            "stockbatch_transaction_retries",
            "Transactions that ran or committed again, by reason.",
            "reason",
        )
        self._make_faults()
        self._make_requests()
        self._make_waits()
        self._of_item: dict[tuple[str, str], Counter] = {}
        self._of_chunk: dict[str, Histogram] = {}
        self._of_request: dict[tuple[str, str], Histogram] = {}
        self._begin_at_zero()
        build = Info("stockbatch_build", "The version that runs.", registry=self._registry)
        build.info({"version": server.__version__})
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._registry.register(_AtScrape(self))

    def _make_faults(self) -> None:
        self._attempts = self._counter(
            "stockbatch_chunk_attempts",
            "Runs of stored chunks that were claimed, by how they ended.",
            "end",
        )
        self._in_doubt = self._counter(
            "stockbatch_commits_in_doubt",
            "Commits that failed without an answer, by what was found out about them.",
            "found",
        )
        self._lost = self._counter(
            "stockbatch_leases_lost", "Chunks that another worker took from this process."
        )
        self._taken_over = self._counter(
            "stockbatch_leases_taken_over",
            "Chunks that this process took from a worker whose lease had run out.",
        )

    def _make_requests(self) -> None:
        self._requests = self._histogram(
            "stockbatch_request_seconds",
            "How long a request took until it was answered, by door and code, or OK.",
            _REQUEST_SECONDS,
            "door",
            "code",
        )
        self._refusals = self._counter(
            "stockbatch_refusals", "Requests that got a code in place of a result.", "reason"
        )
        self._connection_refusals = self._counter(
            "stockbatch_connection_refusals",
            "Requests refused before they reached a door, by HTTP status or close code.",
            "status",
        )

    def _make_waits(self) -> None:
        self._lag = self._histogram(
            "stockbatch_event_loop_lag_seconds",
            "How much later than it should a timer of the event loop ran.",
            _LAG_SECONDS,
        )
        self._pool_waits = self._histogram(
            "stockbatch_pool_wait_seconds",
            "How long a command waited for a connection to MongoDB.",
            _WAIT_SECONDS,
        )
        self._pool_failures = self._counter(
            "stockbatch_pool_wait_failures",
            "Commands that got no connection to MongoDB, by reason.",
            "reason",
        )

    def _begin_at_zero(self) -> None:
        """Let rare counters exist before they count: Prometheus sees no increase to the first 1."""
        for counter, values in (
            (self._refusals, [*sorted(CODES - {OK, CLIENT_LEFT}), OTHER]),
            (self._in_doubt, ("applied", "not_applied", "unknown")),
            (self._attempts, ("done", "orphaned", "lost", "hindered", "broken")),
            (self._retries, ("conflict", "unavailable", "commit")),
        ):
            for value in values:
                counter.labels(value)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(name, text, labels, buckets=buckets, registry=self._registry)

    def chunk_done(self, operation: str, seconds: float) -> None:
        """Count a chunk and how long it took."""
        child = self._of_chunk.get(operation)
        if child is None:
            child = self._of_chunk[operation] = self._chunks.labels(operation)
        child.observe(seconds)

    def items_answered(self, operation: str, outcomes: Sequence[Outcome]) -> None:
        """Count the outcomes of items."""
        counts: dict[str, int] = {}
        for outcome in outcomes:
            code = outcome.error.code.value if isinstance(outcome, Failed) else OK
            counts[code] = counts.get(code, 0) + 1
        for code, count in counts.items():
            child = self._of_item.get((operation, code))
            if child is None:
                child = self._of_item[operation, code] = self._items.labels(operation, code)
            child.inc(count)

    def chunk_attempt_ended(self, end: str) -> None:
        """Count a run of a claimed chunk: done, orphaned, lost, hindered or broken."""
        self._attempts.labels(end).inc()
        if end == "lost":
            self._lost.inc()

    def lease_taken_over(self) -> None:
        """Count a chunk whose holder let its lease run out."""
        self._taken_over.inc()

    def transaction_retried(self, reason: str) -> None:
        """Count a transaction that ran or committed again."""
        self._retries.labels(reason).inc()

    def commit_in_doubt(self, found: str) -> None:
        """Count a commit without an answer: applied, not_applied or unknown."""
        self._in_doubt.labels(found).inc()

    def request_answered(self, door: str, code: str, seconds: float) -> None:
        """Count a request at a door, how it ended and how many seconds it took."""
        code = code if code in CODES else OTHER
        child = self._of_request.get((door, code))
        if child is None:
            child = self._of_request[door, code] = self._requests.labels(door, code)
        child.observe(seconds)
        if code not in (OK, CLIENT_LEFT):
            self._refusals.labels(code).inc()

    def connection_refused(self, status: int) -> None:
        """Count a request that the connection itself refused."""
        self._connection_refusals.labels(str(int(status))).inc()

    def loop_lagged(self, seconds: float) -> None:
        """Note how late the event loop was."""
        self._lag.observe(seconds)

    def pool_waited(self, seconds: float) -> None:
        """Note how long a command waited for a connection. Any thread may call this."""
        self._pool_waits.observe(seconds)

    def pool_failed(self, reason: str) -> None:
        """Count a command that got no connection. Any thread may call this."""
        self._pool_failures.labels(reason).inc()

    async def scrape(self) -> bytes:
        """Return all metrics in Prometheus' text format.

        The database is asked once for the length of the queue. If it does not answer in time, the
        metrics of the queue are left out.
        """
        await self.gauges.refresh()
        return self.exposition()

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format, without asking the database."""
        return generate_latest(self._registry)


class _AtScrape(Collector):
    """Reads the gauges when Prometheus asks."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics.gauges.collect()
