"""From OpenTelemetry's own variables to a tracer.

<https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/> has them all.
The packages are loaded only if spans are to be sent.
"""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import server
from server.domain.errors import StartupError
from server.domain.tracing import UNTRACED, Tracer

log = logging.getLogger(__name__)

_EXPORTER, _PROTOCOL = "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL"
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", _PROTOCOL)
_ABSENT: Final = {  # what others of OpenTelemetry's kind can do
    _EXPORTER: ("console", "jaeger", "logging", "prometheus", "zipkin"),
    _PROTOCOL: ("grpc", "http/json"),
}
_LAST_SPANS_SECONDS: Final = 3.0


def is_asked_for(environment: Mapping[str, str]) -> bool:
    """Return whether the variables ask for spans; log why not if this program cannot send them.

    What is wrong with other variables does not matter then.
    """
    if not any(environment.get(name) for name in _ENDPOINTS):
        return False
    if _word(environment, "OTEL_SDK_DISABLED") == "true" or _word(environment, _EXPORTER) == "none":
        return False
    protocol = next((name for name in _PROTOCOLS if environment.get(name)), _PROTOCOL)
    for name, kind, possible in (
        (_EXPORTER, _EXPORTER, "otlp, or none"),
        (protocol, _PROTOCOL, "http/protobuf"),
    ):
        if _word(environment, name) in _ABSENT[kind]:
            log.warning(
                "Nothing is traced: the variable %s is %r, and can only be %s here",
                name,
                environment[name],
                possible,
            )
            return False
    return True


def wrong_variables(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable that keeps a process that is to trace from starting."""
    if not is_asked_for(environment):
        return []
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # `ToldExporter` tells it once
    try:
        from server.tracing.variables import faults  # noqa: PLC0415
    except ImportError:  # nothing is traced
        return []
    return faults(environment)


def _word(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name, "").strip().lower()


@contextmanager
def tracing(environment: Mapping[str, str], service: str) -> Iterator[Tracer]:
    """Yield the tracer that the variables ask for, and send the last spans when the block ends.

    `service` is the name of the service, unless a variable has another.

    Raises:
        StartupError: variables are wrong; the message has a sentence for each.
    """
    if not is_asked_for(environment):
        yield UNTRACED
        return
    if wrong := wrong_variables(environment):  # some would make the packages fail to load
        raise StartupError("\n".join(wrong))
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        from server.tracing.exporting import ToldExporter, end_in_time  # noqa: PLC0415
        from server.tracing.spans import OpenTelemetryTracer  # noqa: PLC0415
    except ImportError:
        log.warning("Nothing is traced: install the extra tracing, as in pip install '.[tracing]'")
        yield UNTRACED
        return
    attributes = {"service.version": server.__version__}
    if not _names_a_service(environment):
        attributes["service.name"] = service
    try:
        provider = TracerProvider(resource=Resource.create(attributes), shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(ToldExporter(OTLPSpanExporter())))
    except Exception as error:  # what a package does that a variable names
        raise StartupError(
            f"OpenTelemetry cannot begin with its variables (OTEL_…): {type(error).__name__}."
        ) from error
    log.info("Spans are sent to the collector of OTEL_EXPORTER_OTLP_ENDPOINT")
    try:
        yield OpenTelemetryTracer(provider.get_tracer("stockbatch", server.__version__))
    finally:
        end = threading.Thread(target=provider.shutdown, name="last-spans", daemon=True)
        end_in_time(end, _LAST_SPANS_SECONDS)


def _names_a_service(environment: Mapping[str, str]) -> bool:
    attributes = environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return bool(environment.get("OTEL_SERVICE_NAME")) or "service.name=" in attributes
