"""Which of OpenTelemetry's variables turn tracing on, and what the log says where they cannot."""

import logging
import sys

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from server.cli.serving.traced import TraceIds
from server.domain.tracing import UNTRACED
from server.tracing.configured import is_asked_for, tracing
from server.tracing.exporting import ToldExporter
from tests.support.spans import TRACE, TRACEPARENT, Spans

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.mark.parametrize(
    ("environment", "is_on", "said"),
    [
        ({}, False, ""),
        ({"OTEL_SERVICE_NAME": "shop"}, False, ""),
        (ENDPOINT, True, ""),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False, ""),
        (ENDPOINT | {"OTEL_SDK_DISABLED": "true"}, False, ""),
        (ENDPOINT | {"OTEL_SDK_DISABLED": "TRUE"}, False, ""),
        (ENDPOINT | {"OTEL_SDK_DISABLED": "false"}, True, ""),
        (ENDPOINT | {"OTEL_TRACES_EXPORTER": "none"}, False, ""),
        (ENDPOINT | {"OTEL_TRACES_EXPORTER": "otlp"}, True, ""),
        (
            ENDPOINT | {"OTEL_TRACES_EXPORTER": "zipkin"},
            False,
            "the variable OTEL_TRACES_EXPORTER is 'zipkin', and can only be otlp, or none here",
        ),
        (ENDPOINT | {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True, ""),
        (
            ENDPOINT | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            False,
            "OTEL_EXPORTER_OTLP_PROTOCOL is 'grpc', and can only be http/protobuf here",
        ),
        (
            ENDPOINT | {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"},
            False,
            "_TRACES_PROTOCOL is 'http/json', and can only be http/protobuf here",
        ),
        (
            ENDPOINT
            | {
                "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
            },
            True,
            "",
        ),
    ],
)
def test_the_variables_ask_for_spans_or_not(
    environment: dict[str, str], is_on: bool, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert is_asked_for(environment) is is_on
    assert said in caplog.text
    assert bool(said) == bool(caplog.text)


def test_without_the_packages_the_log_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)

    with tracing(ENDPOINT, "stockbatch") as tracer:
        assert tracer is UNTRACED
    assert "pip install '.[tracing]'" in caplog.text


def test_an_outage_of_the_collector_is_two_lines(caplog: pytest.LogCaptureFixture) -> None:
    class Flaky(InMemorySpanExporter):
        takes = True

        def export(self, spans: object) -> SpanExportResult:  # noqa: ARG002 - none is looked at
            return SpanExportResult.SUCCESS if self.takes else SpanExportResult.FAILURE

    caplog.set_level(logging.INFO)
    spans = Spans()
    with spans.tracer.request("graphql", None):
        pass
    flaky = Flaky()
    told = ToldExporter(flaky)
    for flaky.takes in (True, False, False, False, True, True):
        told.export(spans.all())

    assert [record.getMessage() for record in caplog.records] == [
        "The collector does not take spans: they are lost until it does",
        "The collector takes spans again",
    ]
    assert vars(caplog.records[1])["lost_spans"] == 3


def test_a_line_of_the_log_has_the_ids_of_its_span() -> None:
    spans = Spans()
    ids = TraceIds(spans.tracer)
    within, outside = (logging.makeLogRecord({"msg": name}) for name in ("within", "outside"))

    with spans.tracer.request("graphql", TRACEPARENT):
        assert ids.filter(within)
    assert ids.filter(outside)

    assert vars(within)["trace_id"] == TRACE
    assert len(vars(within)["span_id"]) == 16
    assert "trace_id" not in vars(outside)


def test_what_traces_nothing_makes_nothing() -> None:
    with UNTRACED.request("graphql", TRACEPARENT) as note, UNTRACED.chunk("m", 1):
        note("OK")
        with UNTRACED.stored_chunk("k", TRACEPARENT):
            assert UNTRACED.command("find", "shop", "products") is None
            assert UNTRACED.here() is UNTRACED.traceparent() is UNTRACED.ids() is None
            UNTRACED.resume(None)
    assert UNTRACED.request("a", None) is UNTRACED.request("b", None)
