"""Sends spans to a collector in the background, and tells in the log whether that works."""

import logging
import threading
from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from typing_extensions import override

log = logging.getLogger(__name__)


class ToldExporter(SpanExporter):
    """Passes spans to another exporter. An outage is one line at its begin, and one at its end."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._lost = 0

    @override
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            if not self._lost:
                log.warning("The collector does not take spans: they are lost until it does")
            self._lost += len(spans)
        elif self._lost:
            log.info("The collector takes spans again", extra={"lost_spans": self._lost})
            self._lost = 0
        return result

    @override
    def shutdown(self) -> None:
        self._exporter.shutdown()

    @override
    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def end_in_time(end: threading.Thread, seconds: float) -> None:
    """Start what sends the last spans, and wait for it no longer than `seconds`."""
    end.start()
    end.join(seconds)
    if end.is_alive():
        log.warning("The last spans could not be sent in %g s", seconds)
