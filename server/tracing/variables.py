"""OpenTelemetry's variables: what each may be. One that is wrong stops the start.

The SDK ignores most wrong values without a word that anybody would see, and fails at others with a
sentence about its own code. So this asks first. Only what the SDK reads for spans is here, and what
others of its kind read: a test compares the names.
"""

import math
import re
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from opentelemetry.util.re import parse_env_headers

_LARGEST: Final = 2**31 - 1
_LONGEST_TIMEOUT: Final = 86_400  # seconds
_DEFAULT_BATCH, _DEFAULT_QUEUE = 512, 2048  # as the specification has them
_OTLP, _OTLP_TRACES = "OTEL_EXPORTER_OTLP_", "OTEL_EXPORTER_OTLP_TRACES_"
_SAMPLER, _SAMPLER_ARG = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"
_BATCH, _QUEUE = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "OTEL_BSP_MAX_QUEUE_SIZE"
_METER_PROVIDER = "OTEL_PYTHON_METER_PROVIDER"
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")  # RFC 9110, section 5.1
_RATIOS: Final = ("traceidratio", "parentbased_traceidratio")
_SAMPLERS: Final = (
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a variable must be. `is_secret` keeps its value out of the sentence."""

    must: str
    accepts: Callable[[str], bool]
    is_secret: bool = False


def _words(*possible: str) -> Rule:
    *others, last = possible
    must = f"be {', '.join(others)} or {last}" if others else f"be {last}"
    return Rule(must, lambda value: value.strip().lower() in possible)


def _whole(least: int) -> Rule:
    return Rule(
        f"be a whole number from {least} to {_LARGEST}",
        lambda value: least <= _number(int, value) <= _LARGEST,
    )


def _number(kind: Callable[[str], float], value: str) -> float:
    try:
        return kind(value)
    except ValueError:
        return math.nan  # which is in no range


def _is_address(value: str) -> bool:
    try:
        found = urlsplit(value)
        return found.scheme in ("http", "https") and bool(found.hostname) and found.port != 0
    except ValueError:
        return False


def _are_headers(value: str) -> bool:
    """Return whether each entry is one that HTTP can carry. The SDK drops others."""
    entries = [entry for entry in value.split(",") if entry.strip(" \t")]
    for entry in entries:
        found = list(parse_env_headers(entry, liberal=True).items())
        if len(found) != 1:
            return False
        ((name, text),) = found
        is_latin = text.isprintable() and all(ord(character) <= 0xFF for character in text)
        if not is_latin or not _HEADER_NAME.fullmatch(name):
            return False
    return bool(entries)


def _are_attributes(value: str) -> bool:
    pairs = [entry.partition("=") for entry in value.split(",")]
    return all(name.strip() and equals for name, equals, _ in pairs)


def _are_certificates(value: str) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if not Path(value).is_dir():  # which `requests` takes, too
            context.load_verify_locations(value)
    except (OSError, ValueError):
        return False
    return True


def _can_be_read(value: str) -> bool:
    try:
        return "-----BEGIN " in Path(value).read_text()
    except (OSError, ValueError):
        return False


def _installed(group: str, *, is_list: bool = False) -> Rule:
    """Return the rule of a variable that names what packages bring along."""

    def accepts(value: str) -> bool:
        names = [name.strip() for name in value.split(",")] if is_list else [value]
        return all(
            entry_points(group=group, name=name) or (is_list and name == "*") for name in names
        )

    return Rule(f"name what an installed package has as its entry point {group}", accepts)


def _propagate(value: str) -> bool:
    names = {name.strip() for name in value.split(",")}
    return "tracecontext" in names and names <= {"tracecontext", "baggage"}


_BOOLEAN: Final = _words("true", "false")
_ADDRESS: Final = Rule("be an address such as http://collector:4318", _is_address)
_HEADERS: Final = Rule(
    "be name=value, several separated by commas, the values percent-encoded",
    _are_headers,
    is_secret=True,
)
_TIMEOUT: Final = Rule(
    f"be a number of seconds above 0, at most {_LONGEST_TIMEOUT}",
    lambda value: 0 < _number(float, value) <= _LONGEST_TIMEOUT,
)
_CERTIFICATES: Final = Rule("be a file with certificates in PEM", _are_certificates)
_PEM: Final = Rule("be a file in PEM", _can_be_read)
_CREDENTIALS: Final = _installed("opentelemetry_otlp_credential_provider")
_OF_THE_EXPORTER: Final = {
    "ENDPOINT": _ADDRESS,
    "PROTOCOL": _words("http/protobuf", "http/json", "grpc"),
    "HEADERS": _HEADERS,
    "TIMEOUT": _TIMEOUT,
    "COMPRESSION": _words("none", "gzip", "deflate"),
    "CERTIFICATE": _CERTIFICATES,
    "CLIENT_KEY": _PEM,
    "CLIENT_CERTIFICATE": _PEM,
}
_LIMITS: Final = (
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_EVENT_COUNT_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
)

RULES: Final[Mapping[str, Rule]] = {
    "OTEL_SDK_DISABLED": _BOOLEAN,
    "OTEL_TRACES_EXPORTER": _words("otlp", "none"),
    _SAMPLER: Rule(f"be one of {', '.join(_SAMPLERS)}", lambda value: value.lower() in _SAMPLERS),
    _SAMPLER_ARG: Rule("be a number from 0 to 1", lambda value: 0 <= _number(float, value) <= 1),
    "OTEL_PROPAGATORS": Rule("be tracecontext, or tracecontext,baggage", _propagate),
    "OTEL_RESOURCE_ATTRIBUTES": Rule("be name=value, several separated by commas", _are_attributes),
    "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": _installed(
        "opentelemetry_resource_detector", is_list=True
    ),
    **dict.fromkeys(_LIMITS, _whole(0)),
    _QUEUE: _whole(1),
    _BATCH: _whole(1),
    "OTEL_BSP_SCHEDULE_DELAY": _whole(1),
    "OTEL_BSP_EXPORT_TIMEOUT": _whole(0),
    **{
        before + name: rule
        for name, rule in _OF_THE_EXPORTER.items()
        for before in (_OTLP, _OTLP_TRACES)
    },
    "OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER": _CREDENTIALS,
    "OTEL_PYTHON_EXPORTER_OTLP_HTTP_TRACES_CREDENTIAL_PROVIDER": _CREDENTIALS,
    "OTEL_PYTHON_CONTEXT": _installed("opentelemetry_context"),
    _METER_PROVIDER: _installed("opentelemetry_meter_provider"),
    "OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED": _BOOLEAN,
}


def faults(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable that is wrong. An empty one is as good as none."""
    single = [
        _sentence(name, environment[name], rule)
        for name, rule in RULES.items()
        if environment.get(name) and not rule.accepts(environment[name])
    ]
    return single or list(_together(environment))


def _sentence(name: str, value: str, rule: Rule) -> str:
    is_shown = not rule.is_secret and not (rule is _ADDRESS and "@" in value)
    shown = repr(value) if is_shown else "the value, which may be secret"
    return f"The variable {name} is wrong: {shown}: must {rule.must}."


def _together(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with variables that are right alone."""
    sampler = environment.get(_SAMPLER) or "none"
    if environment.get(_SAMPLER_ARG) and sampler.lower() not in _RATIOS:
        yield (
            f"The variable {_SAMPLER_ARG} is wrong: {environment[_SAMPLER_ARG]!r}: only "
            f"{_SAMPLER}={' or '.join(_RATIOS)} has an argument, and it is {sampler}."
        )
    batch = int(environment.get(_BATCH) or _DEFAULT_BATCH)
    queue = int(environment.get(_QUEUE) or _DEFAULT_QUEUE)
    if batch > queue:
        yield (
            f"The variable {_BATCH if environment.get(_BATCH) else _QUEUE} is wrong: a batch "
            f"({_BATCH}) of {batch} spans does not fit into a queue ({_QUEUE}) of {queue}."
        )
    if environment.get(_METER_PROVIDER) == "":
        yield f"The variable {_METER_PROVIDER} is wrong: '': must have a value, or be removed."
    key = _set(environment, "CLIENT_KEY")
    certificate = _set(environment, "CLIENT_CERTIFICATE")
    if key and not certificate:
        yield f"The variable {key} is wrong: it needs {_OTLP}CLIENT_CERTIFICATE beside it."
    if certificate and not _is_pair(environment[certificate], environment.get(key or "")):
        yield (
            f"The variable {certificate} is wrong: {environment[certificate]!r}: must be a "
            f"certificate in PEM, with its key in the same file or in {_OTLP}CLIENT_KEY."
        )


def _set(environment: Mapping[str, str], name: str) -> str | None:
    """Return which variable of the exporter counts; None if neither is set."""
    candidates: Iterable[str] = (_OTLP_TRACES + name, _OTLP + name)
    return next((one for one in candidates if environment.get(one)), None)


def _is_pair(certificate: str, key: str | None) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_cert_chain(certificate, key, password="")  # asks nobody for one
    except (OSError, ValueError):
        return False
    return True
