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

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PROTOCOL: Final = "http/protobuf"
_LAST_SPANS_SECONDS: Final = 3.0


def is_asked_for(environment: Mapping[str, str]) -> bool:
    """Return whether the variables ask for spans; log why not if they ask for others than these."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if not any(environment.get(name) for name in _ENDPOINTS):
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER") or "otlp"
    protocol = next((environment[name] for name in _PROTOCOLS if environment.get(name)), _PROTOCOL)
    if exporter not in ("otlp", "none"):
        log.warning("Nothing is traced: OTEL_TRACES_EXPORTER can be otlp or none")
    elif protocol != _PROTOCOL:
        log.warning("Nothing is traced: OTEL_EXPORTER_OTLP_PROTOCOL can only be %s", _PROTOCOL)
    return exporter == "otlp" and protocol == _PROTOCOL


@contextmanager
def tracing(environment: Mapping[str, str], service: str) -> Iterator[Tracer]:
    """Yield the tracer that the variables ask for, and send the last spans when the block ends.

    `service` is the name of the service, unless a variable has another.

    Raises:
        StartupError: a variable is wrong.
    """
    if not is_asked_for(environment):
        yield UNTRACED
        return
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
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # `ToldExporter` tells it once
    attributes = {"service.version": server.__version__}
    if not _names_a_service(environment):
        attributes["service.name"] = service
    try:
        provider = TracerProvider(resource=Resource.create(attributes), shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(ToldExporter(OTLPSpanExporter())))
    except ValueError as error:
        raise StartupError(f"A variable of OpenTelemetry (OTEL_…) is wrong: {error}") from error
    log.info("Spans are sent to the collector of OTEL_EXPORTER_OTLP_ENDPOINT")
    try:
        yield OpenTelemetryTracer(provider.get_tracer("stockbatch", server.__version__))
    finally:
        end = threading.Thread(target=provider.shutdown, name="last-spans", daemon=True)
        end_in_time(end, _LAST_SPANS_SECONDS)


def _names_a_service(environment: Mapping[str, str]) -> bool:
    attributes = environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return bool(environment.get("OTEL_SERVICE_NAME")) or "service.name=" in attributes
