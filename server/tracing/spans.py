"""The tracer that makes OpenTelemetry's spans.

Attributes have the names of OpenTelemetry's semantic conventions where there is one. Errors leave
their kind and no message: a message may quote what a caller has sent.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from typing_extensions import override

from server.domain.tracing import EndCommand, NoteCode, Origin, Tracer

_OK = "OK"
_HEADER = "traceparent"
_MOST_LINKS = 128  # of one span, as OpenTelemetry limits them
_W3C = TraceContextTextMapPropagator()


class OpenTelemetryTracer(Tracer):
    """Makes spans with a tracer of OpenTelemetry."""

    is_on = True

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    @override
    @contextmanager
    def request(self, door: str, traceparent: str | None) -> Iterator[NoteCode]:
        parent = _W3C.extract({_HEADER: traceparent}, Context()) if traceparent else Context()
        with self._span(f"request {door}", SpanKind.SERVER, context=parent) as span:
            span.set_attribute("stockbatch.door", door)

            def note(code: str) -> None:
                span.set_attribute("stockbatch.code", code)
                if code != _OK:
                    _fail(span, code)

            yield note

    @override
    @contextmanager
    def chunk(
        self, mutation: str, items: int, others: Sequence[Origin | None] = ()
    ) -> Iterator[None]:
        links = [link for link in map(_link, others[:_MOST_LINKS]) if link]
        with self._span(f"chunk {mutation}", SpanKind.INTERNAL, links=links) as span:
            span.set_attributes({"stockbatch.mutation": mutation, "stockbatch.items": items})
            yield

    @override
    @contextmanager
    def stored_chunk(self, kind: str, cause: str | None) -> Iterator[None]:
        link = _link(_W3C.extract({_HEADER: cause}, Context())) if cause else None
        links = [link] if link else []
        with self._span(f"stored chunk {kind}", SpanKind.CONSUMER, links=links) as span:
            span.set_attribute("stockbatch.kind", kind)
            yield

    @override
    def command(self, name: str, database: str, collection: str | None) -> EndCommand | None:
        """Begin a span within another one: what nobody waits for, such as polling, has none."""
        if not trace.get_current_span().is_recording():
            return None
        attributes = {
            "db.system.name": "mongodb",
            "db.namespace": database,
            "db.operation.name": name,
        }
        if collection is not None:
            attributes["db.collection.name"] = collection
        span = self._tracer.start_span(
            f"{name} {collection or database}", kind=SpanKind.CLIENT, attributes=attributes
        )

        def end(error: str | None) -> None:
            if error is not None:
                _fail(span, error)
            span.end()

        return end

    @override
    def here(self) -> Origin | None:
        return contexts.get_current() if _is_within() else None

    @override
    def resume(self, origin: Origin | None) -> None:
        if isinstance(origin, Context):
            contexts.attach(origin)

    @override
    def traceparent(self) -> str | None:
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier.get(_HEADER)

    @override
    def ids(self) -> tuple[str, str] | None:
        found = trace.get_current_span().get_span_context()
        if not found.is_valid:
            return None
        return trace.format_trace_id(found.trace_id), trace.format_span_id(found.span_id)

    @contextmanager
    def _span(
        self,
        name: str,
        kind: SpanKind,
        *,
        context: Context | None = None,
        links: Sequence[Link] = (),
    ) -> Iterator[Span]:
        """Make a span the current one during the block. An error that ends the block fails it."""
        span = self._tracer.start_span(name, context=context, kind=kind, links=links)
        with trace.use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            try:
                yield span
            except BaseException as error:
                _fail(span, type(error).__name__)
                raise


def _fail(span: Span, kind: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR))


def _is_within() -> bool:
    return trace.get_current_span().get_span_context().is_valid


def _link(origin: Origin | None) -> Link | None:
    if not isinstance(origin, Context):
        return None
    found = trace.get_current_span(origin).get_span_context()
    return Link(found) if found.is_valid else None
