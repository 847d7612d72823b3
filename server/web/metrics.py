"""The counters that Prometheus reads at `/metrics`."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from server.domain.outcome import Failed, Outcome

_CHUNK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60)


class Metrics:
    """The counters of one process; the engine reports to it."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._items = Counter(
            "stockbatch_items",
            "Items answered, by mutation and by the error's code, or OK.",
            ["operation", "code"],
            registry=self._registry,
        )
        self._chunks = Histogram(
            "stockbatch_chunk_seconds",
            "How long a chunk took, with all its retries.",
            ["operation"],
            buckets=_CHUNK_SECONDS,
            registry=self._registry,
        )
        self._retries = Counter(
            "stockbatch_transaction_retries",
            "Transactions that ran or committed again, by reason.",
            ["reason"],
            registry=self._registry,
        )

    def chunk_done(self, operation: str, seconds: float) -> None:
        """Count a chunk and how long it took."""
        self._chunks.labels(operation).observe(seconds)

    def items_answered(self, operation: str, outcomes: Sequence[Outcome]) -> None:
        """Count the outcomes of items."""
        counts: dict[str, int] = {}
        for outcome in outcomes:
            code = outcome.error.code.value if isinstance(outcome, Failed) else "OK"
            counts[code] = counts.get(code, 0) + 1
        for code, count in counts.items():
            self._items.labels(operation, code).inc(count)

    def transaction_retried(self, reason: str) -> None:
        """Count a transaction that ran or committed again."""
        self._retries.labels(reason).inc()

    def exposition(self) -> bytes:
        """Return all counters in Prometheus' text format."""
        return generate_latest(self._registry)
