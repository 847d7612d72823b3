"""Every variable that OpenTelemetry's SDK reads for spans: what is right, and what is told."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from server.domain.errors import StartupError
from server.domain.tracing import UNTRACED
from server.tracing.configured import tracing
from server.tracing.variables import RULES, faults
from tests.support.project import PROJECT

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
WHOLE = "a whole number from"
SAMPLERS = (
    "be one of always_on, always_off, traceidratio, parentbased_always_on, "
    "parentbased_always_off, parentbased_traceidratio"
)
COUNT = (["0", "128", " 7 "], ["-1", "1.5", "x", "2147483648"], f"be {WHOLE} 0 to 2147483647")
POSITIVE = (["1", "100"], ["0", "-1", "x", "1e3", "9" * 30], f"be {WHOLE} 1 to 2147483647")
BOOLEAN = (["false", "FALSE"], ["yes", "1", "tru"], "be true or false")
OF_THE_EXPORTER = {
    "ENDPOINT": (
        ["http://127.0.0.1:9", "https://collector.example/x"],
        ["collector:4318", "ftp://collector", "http://", "http://a:port", "http://[::1"],
        "be an address such as http://collector:4318",
    ),
    "PROTOCOL": (["http/protobuf"], ["http", "proto"], "be http/protobuf, http/json or grpc"),
    "HEADERS": (
        ["a=b", "authorization=Bearer%20secret,x-scope=a b", "a="],
        ["secret", "a=b,secret", "a b=secret", "a=secret%0Ab", "a=secret☃", "a=secret%E2%98%83"],
        "be name=value, several separated by commas, the values percent-encoded",
    ),
    "TIMEOUT": (
        ["10", "0.5", "10000"],
        ["0", "-1", "x", "inf", "nan", "1e9"],
        "be a number of seconds above 0, at most 86400",
    ),
    "COMPRESSION": (["none", "gzip", "Deflate"], ["zip", "br"], "be none, gzip or deflate"),
    "CERTIFICATE": (
        ["{cert}", "{folder}"],
        ["{absent}", "{rubbish}"],
        "be a file with certificates in PEM",
    ),
    "CLIENT_KEY": ([], ["{absent}", "{rubbish}"], "be a file in PEM"),
    "CLIENT_CERTIFICATE": (["{both}"], ["{absent}", "{rubbish}"], "be a file in PEM"),
}
CASES = {
    "OTEL_SDK_DISABLED": BOOLEAN,
    "OTEL_TRACES_EXPORTER": (["otlp", "OTLP"], ["otpl", "a,b"], "be otlp or none"),
    "OTEL_TRACES_SAMPLER": (
        ["always_off", "parentbased_always_on", "TraceIDRatio"],
        ["always", "0.1", "xray"],
        SAMPLERS,
    ),
    "OTEL_TRACES_SAMPLER_ARG": ([], ["-0.1", "1.1", "10%", "nan"], "be a number from 0 to 1"),
    "OTEL_PROPAGATORS": (
        ["tracecontext", "tracecontext, baggage"],
        ["b3", "none", "baggage", "tracecontext,b3", "tracecontexts"],
        "be tracecontext, or tracecontext,baggage",
    ),
    "OTEL_RESOURCE_ATTRIBUTES": (
        ["a=b", "a=b,service.name=shop", "a="],
        ["a", "a=b,c", "=b", "a=b,"],
        "be name=value, several separated by commas",
    ),
    "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": (
        ["otel", "process, otel", "*"],
        ["nonsense", "otel,nonsense"],
        "name what an installed package has as its entry point opentelemetry_resource_detector",
    ),
    **dict.fromkeys([name for name in RULES if name.endswith("_LIMIT")], COUNT),
    "OTEL_BSP_MAX_QUEUE_SIZE": (["512", "4096"], POSITIVE[1], POSITIVE[2]),
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": POSITIVE,
    "OTEL_BSP_SCHEDULE_DELAY": POSITIVE,
    "OTEL_BSP_EXPORT_TIMEOUT": (["0", "30000"], COUNT[1], COUNT[2]),
    **{
        f"OTEL_EXPORTER_OTLP_{of_traces}{name}": case
        for name, case in OF_THE_EXPORTER.items()
        for of_traces in ("", "TRACES_")
    },
    **dict.fromkeys(
        [name for name in RULES if name.endswith("CREDENTIAL_PROVIDER")],
        (
            [],
            ["nonsense"],
            ("name what an installed package has as its entry point "
            "opentelemetry_otlp_credential_provider"),
        ),
    ),
    "OTEL_PYTHON_CONTEXT": (
        ["contextvars_context"],
        ["nonsense"],
        "name what an installed package has as its entry point opentelemetry_context",
    ),
    "OTEL_PYTHON_METER_PROVIDER": (
        ["default_meter_provider"],
        ["nonsense"],
        "name what an installed package has as its entry point opentelemetry_meter_provider",
    ),
    "OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED": (["true", "False"], ["on"], BOOLEAN[2]),
}  # fmt: skip
RIGHT = [(name, value) for name, (values, _, _) in CASES.items() for value in values]
WRONG = [(name, value, must) for name, (_, values, must) in CASES.items() for value in values]
TOGETHER = [
    (
        {"OTEL_TRACES_SAMPLER_ARG": "0.1"},
        (
            "The variable OTEL_TRACES_SAMPLER_ARG is wrong: '0.1': only OTEL_TRACES_SAMPLER="
            "traceidratio or parentbased_traceidratio has an argument, and it is none."
        ),
    ),
    (
        {"OTEL_BSP_MAX_QUEUE_SIZE": "100"},
        (
            "The variable OTEL_BSP_MAX_QUEUE_SIZE is wrong: a batch "
            "(OTEL_BSP_MAX_EXPORT_BATCH_SIZE) of 512 spans does not fit into a queue "
            "(OTEL_BSP_MAX_QUEUE_SIZE) of 100."
        ),
    ),
    (
        {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "4096"},
        (
            "The variable OTEL_BSP_MAX_EXPORT_BATCH_SIZE is wrong: a batch "
            "(OTEL_BSP_MAX_EXPORT_BATCH_SIZE) of 4096 spans does not fit into a queue "
            "(OTEL_BSP_MAX_QUEUE_SIZE) of 2048."
        ),
    ),
    (
        {"OTEL_PYTHON_METER_PROVIDER": ""},
        "The variable OTEL_PYTHON_METER_PROVIDER is wrong: '': must have a value, or be removed.",
    ),
    (
        {"OTEL_EXPORTER_OTLP_CLIENT_KEY": "{key}"},
        (
            "The variable OTEL_EXPORTER_OTLP_CLIENT_KEY is wrong: it needs "
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE beside it."
        ),
    ),
    (
        {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": "{cert}"},
        (
            "The variable OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is wrong: '{cert}': must be a "
            "certificate in PEM, with its key in the same file or in OTEL_EXPORTER_OTLP_CLIENT_KEY."
        ),
    ),
]
READS = """
import json, os, sys
class Recording(type(os.environ)):
    def __getitem__(self, name):
        note(name)
        return super().__getitem__(name)
    def __contains__(self, name):
        note(name)
        return super().__contains__(name)
def note(name):
    frame = sys._getframe(2)
    while frame.f_globals["__name__"] in ("os", "collections.abc"):
        frame = frame.f_back
    if frame.f_globals["__name__"].startswith("opentelemetry."):
        names.add(name)
names = set()
os.environ.__class__ = Recording
from server.tracing.configured import tracing
with tracing(os.environ, "service") as tracer:
    assert tracer.is_on
print(json.dumps(sorted(name for name in names if name.startswith("OTEL_"))))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the names of files that variables may name."""
    folder = tmp_path_factory.mktemp("pem")
    cert, key = self_signed()
    contents = {"cert": cert, "key": key, "both": cert + key, "rubbish": b"\xff no PEM"}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: str(folder / name) for name in (*contents, "absent")} | {"folder": str(folder)}


def self_signed() -> tuple[bytes, bytes]:
    """Return a certificate and its key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.example")])
    now = datetime.now(UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return cert.public_bytes(Encoding.PEM), private


def filled(text: str, files: dict[str, str]) -> str:
    for name, file in files.items():
        text = text.replace("{" + name + "}", file)
    return text


def test_every_variable_that_the_sdk_reads_has_a_rule_and_every_rule_has_cases() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", READS],
        cwd=PROJECT,
        env=ENDPOINT | {"OTEL_TRACES_SAMPLER": "traceidratio", "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )

    without_a_rule = {"OTEL_SERVICE_NAME"}  # it may be any text
    not_of_the_sdk = {  # of which this program takes one alone
        "OTEL_PROPAGATORS",
        "OTEL_TRACES_EXPORTER",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    }
    assert set(json.loads(ran.stdout)) == set(RULES) - not_of_the_sdk | without_a_rule
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize(("name", "value"), RIGHT)
def test_what_is_right_begins(
    name: str, value: str, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = ENDPOINT | {name: filled(value, files)}
    for one, text in environment.items():
        monkeypatch.setenv(one, text)

    assert faults(environment) == []
    with tracing(environment, "service") as tracer:
        assert tracer.is_on


@pytest.mark.parametrize(("name", "value", "must"), WRONG)
def test_what_is_wrong_is_one_sentence_with_the_name_the_value_and_what_may_be(
    name: str, value: str, must: str, files: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    value = filled(value, files)

    with pytest.raises(StartupError) as refused, tracing(ENDPOINT | {name: value}, "service"):
        pytest.fail("it has begun")

    shown = "the value, which may be secret" if "HEADERS" in name else repr(value)
    assert str(refused.value) == f"The variable {name} is wrong: {shown}: must {must}."
    assert caplog.text == ""


@pytest.mark.parametrize(("variables", "sentence"), TOGETHER)
def test_variables_that_do_not_go_together_are_named(
    variables: dict[str, str], sentence: str, files: dict[str, str]
) -> None:
    environment = ENDPOINT | {name: filled(value, files) for name, value in variables.items()}

    with pytest.raises(StartupError) as refused, tracing(environment, "service"):
        pytest.fail("it has begun")

    assert str(refused.value) == filled(sentence, files)


def test_a_sampler_may_have_its_argument_and_a_certificate_its_key(files: dict[str, str]) -> None:
    assert not faults(
        ENDPOINT
        | {
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": "0.25",
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": files["cert"],
            "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY": files["key"],
        }
    )


def test_every_wrong_variable_is_named_at_once() -> None:
    wrong = {name: values[0] for name, (_, values, _) in CASES.items()}

    sentences = faults(wrong)

    assert len(sentences) == len(CASES)


def test_an_address_with_a_password_is_not_shown() -> None:
    (sentence,) = faults({"OTEL_EXPORTER_OTLP_ENDPOINT": "ftp://user:secret@collector"})

    assert "secret@" not in sentence


@pytest.mark.parametrize("off", [{}, {"OTEL_SDK_DISABLED": "true"} | ENDPOINT])
def test_what_is_wrong_does_not_matter_while_nothing_is_traced(off: dict[str, str]) -> None:
    wrong = {name: values[0] for name, (_, values, _) in CASES.items() if "ENDPOINT" not in name}

    with tracing(wrong | off, "service") as tracer:
        assert tracer is UNTRACED


def test_a_process_that_traces_nothing_loads_nothing_of_it() -> None:
    program = (
        "import sys; from server.tracing.configured import tracing\n"
        "with tracing({'OTEL_TRACES_SAMPLER': 'x'}, 's'): pass\n"
        "assert not [one for one in sys.modules if one.startswith('opentelemetry')]\n"
        "assert 'server.tracing.variables' not in sys.modules"
    )

    ran = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False)

    assert ran.returncode == 0
