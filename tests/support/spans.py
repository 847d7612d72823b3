"""A tracer whose spans stay in memory, and what a test asks about them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from server.tracing.spans import OpenTelemetryTracer

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


@dataclass
class Spans:
    """The spans that have ended."""

    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    tracer: OpenTelemetryTracer = field(init=False)

    def __post_init__(self) -> None:
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = OpenTelemetryTracer(provider.get_tracer("test"))

    def all(self) -> Sequence[ReadableSpan]:
        return self.exporter.get_finished_spans()

    def named(self, beginning: str) -> list[ReadableSpan]:
        return [span for span in self.all() if span.name.startswith(beginning)]

    def below(self, parent: ReadableSpan) -> list[str]:
        """Return the names of the spans within another one, in the order of their begin."""
        inner = [
            span for span in self.all() if span.parent and span.parent.span_id == id_of(parent)
        ]
        return [span.name for span in sorted(inner, key=lambda span: span.start_time or 0)]


def id_of(span: ReadableSpan) -> int:
    found: Any = span.context
    return int(found.span_id)


def trace_of(span: ReadableSpan) -> str:
    found: Any = span.context
    return f"{found.trace_id:032x}"


def linked(span: ReadableSpan) -> list[int]:
    return [link.context.span_id for link in span.links]


def attributes_of(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})
